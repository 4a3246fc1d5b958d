/* The shim's datagrams: what is taken, what is refused. */
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tap.h"
#include "wrap/channel.h"

static struct message last;
static int heard_count;

static size_t
make(unsigned char *data, int version, int op, const char *path, size_t len)
{
	memset(data, 0, MESSAGE_HEADER);
	data[0] = (unsigned char)version;
	data[1] = (unsigned char)op;
	memcpy(data + MESSAGE_HEADER, path, len);
	return MESSAGE_HEADER + len;
}

static void
check(bool want, int version, int op, const char *path, size_t len,
    const char *name)
{
	unsigned char data[MESSAGE_MAX + 16];
	struct message m;

	len = make(data, version, op, path, len);
	ok(message_parse(&m, 7, data, len) == want, "%s", name);
}

static void
test_parse(void)
{
	static char long_path[PATH_MAX + 1];
	unsigned char data[MESSAGE_MAX];
	struct message m;
	size_t len;

	len = make(data, MESSAGE_VERSION, MESSAGE_OPEN, "/a b", 4);
	ok(message_parse(&m, 7, data, len), "an open is taken");
	is_int(m.sender, 7, "with the kernel's process ID");
	is_int(m.op, MESSAGE_OPEN, "operation");
	is_text(m.path, "/a b", "path");
	len = make(data, MESSAGE_VERSION, MESSAGE_HELLO, "", 0);
	ok(message_parse(&m, 7, data, len), "a hello is taken");
	is_text(m.path, "", "without a path");
	check(true, 1, MESSAGE_NESTED, "", 0, "nested");
	check(false, 2, MESSAGE_OPEN, "/a", 2, "another version is refused");
	check(false, 1, 0, "/a", 2, "operation 0");
	check(true, 1, MESSAGE_MARKING, "/a", 2, "a marker to come");
	check(false, 1, MESSAGE_LAST + 1, "/a", 2, "an unknown operation");
	check(false, 1, MESSAGE_OPEN, "", 0, "no path");
	check(false, 1, MESSAGE_OPEN, "a/b", 3, "a relative path");
	check(false, 1, MESSAGE_RENAME, "/a\0b", 4, "a NUL in the path");
	check(false, 1, MESSAGE_HELLO, "/a", 2, "a hello with a path");
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	check(true, 1, MESSAGE_OPEN, long_path, PATH_MAX - 1, "longest path");
	check(false, 1, MESSAGE_OPEN, long_path, PATH_MAX, "too long a path");
	for (len = 0; len < MESSAGE_HEADER; len++)
		if (message_parse(&m, 7, data, len))
			break;
	is_int((long long)len, MESSAGE_HEADER, "a short header is refused");
}

static void
heard(struct channel *channel, const struct message *message)
{
	last = *message;
	heard_count++;
	if (message->op == MESSAGE_RENAME)
		loop_stop(channel->loop);
}

/* A socket as the launcher makes it, and one that sends to it. */
static int
make_pair(int *sender, bool with_credentials)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len = sizeof(sa_family_t);
	int yes = with_credentials;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	setsockopt(fd, SOL_SOCKET, SO_PASSCRED, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, len) < 0)
		return -1;
	len = sizeof(address);
	getsockname(fd, (struct sockaddr *)&address, &len);
	*sender = socket(AF_UNIX, SOCK_DGRAM, 0);
	if (connect(*sender, (struct sockaddr *)&address, len) < 0)
		return -1;
	return fd;
}

static void
test_socket(void)
{
	struct loop *loop = loop_new();
	struct channel channel = {.heard = heard};
	struct err err = ERR_INIT;
	unsigned char data[MESSAGE_MAX + 100];
	size_t len;
	int sender, fd = make_pair(&sender, true);

	is_int(channel_init(&channel, loop, fd, &err), 0, "in the loop");
	len = make(data, MESSAGE_VERSION, MESSAGE_OPEN, "/x", 2);
	send(sender, data, len, 0);
	memset(data, 'x', sizeof(data));
	send(sender, data, sizeof(data), 0);
	send(sender, data, 0, 0);
	len = make(data, MESSAGE_VERSION, MESSAGE_RENAME, "/y", 2);
	send(sender, data, len, 0);
	loop_run(loop);
	is_int(heard_count, 2, "two messages");
	is_int((long long)channel.refused, 2, "two refused, one of them empty");
	is_int(last.sender, getpid(), "the sender by the kernel");
	is_text(last.path, "/y", "the last path");
	channel_release(&channel);
	close(sender);
	close(fd);

	fd = make_pair(&sender, false);
	heard_count = 0;
	channel_init(&channel, loop, fd, &err);
	send(sender, data, len, 0);
	channel_read(&channel);
	is_int(heard_count, 0, "without credentials nothing is heard");
	channel_release(&channel);
	close(sender);
	close(fd);
	loop_free(loop);
}

int
main(void)
{
	test_parse();
	test_socket();
	return done_testing();
}
