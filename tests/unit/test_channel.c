/* The shim's messages: what is taken, what is refused, in which order. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wrap/worker/channel.h"
#include "wrap/link/peer.h"

#define NOBODY 65534

static struct message last;
static int heard_count;
static char order[16];

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
	check(true, 1, MESSAGE_SILENT, "", 0, "silent");
	check(false, 2, MESSAGE_OPEN, "/a", 2, "another version is refused");
	check(false, 1, 0, "/a", 2, "operation 0");
	check(true, 1, MESSAGE_MARKING, "/a", 2, "a marker to come");
	check(false, 1, MESSAGE_LAST + 1, "/a", 2, "an unknown operation");
	check(false, 1, MESSAGE_OPEN, "", 0, "no path");
	check(false, 1, MESSAGE_OPEN, "a/b", 3, "a relative path");
	check(false, 1, MESSAGE_RENAME, "/a\0b", 4, "a NUL in the path");
	check(false, 1, MESSAGE_HELLO, "/a", 2, "a hello with a path");
	check(false, 1, MESSAGE_SILENT, "/a", 2, "a last word with a path");
	memset(long_path, 'x', sizeof(long_path));
	long_path[0] = '/';
	check(true, 1, MESSAGE_OPEN, long_path, PATH_MAX - 1, "longest path");
	check(false, 1, MESSAGE_OPEN, long_path, PATH_MAX, "too long a path");
	for (len = 0; len < MESSAGE_HEADER; len++)
		if (message_parse(&m, 7, data, len))
			break;
	is_int((long long)len, MESSAGE_HEADER, "a short header is refused");
}

/* Of the last message, while it was there. */
static struct stat last_dir, last_file;

static void
heard(struct channel *channel, const struct message *message)
{
	last = *message;
	last_dir = last_file = (struct stat){0};
	if (message->dir_fd > 0)
		fstat(message->dir_fd, &last_dir);
	if (message->file_fd > 0)
		fstat(message->file_fd, &last_file);
	if (heard_count < (int)sizeof(order) - 1)
		order[heard_count] = message->path[1];
	heard_count++;
	if (message->op == MESSAGE_RENAME)
		loop_stop(channel->loop);
}

static struct fixture {
	struct loop *loop;
	struct channel channel;
	struct sockaddr_un address;
	socklen_t address_len;
	int fd;
} f;

/* A socket as the launcher makes it. */
static void
begin(int backlog)
{
	struct err err = ERR_INIT;

	f.loop = loop_new();
	f.channel = (struct channel){.heard = heard};
	f.address = (struct sockaddr_un){.sun_family = AF_UNIX};
	f.address_len = sizeof(f.address);
	f.fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);
	if (bind(f.fd, (struct sockaddr *)&f.address, sizeof(sa_family_t)) <
		0 ||
	    listen(f.fd, backlog) < 0 ||
	    getsockname(f.fd, (struct sockaddr *)&f.address, &f.address_len) <
		0)
		ok(false, "a socket");
	is_int(channel_init(&f.channel, f.loop, f.fd, &err), 0, "in the loop");
	memset(order, 0, sizeof(order));
	heard_count = 0;
}

static void
end(void)
{
	channel_release(&f.channel);
	loop_free(f.loop);
	close(f.fd);
}

/* Connects as the shim does. -1: the queue is full. */
static int
call(void)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

	if (connect(fd, (struct sockaddr *)&f.address, f.address_len) == 0)
		return fd;
	is_int(errno, EAGAIN, "a full queue does not block");
	close(fd);
	return -1;
}

static void
speak(int fd, enum message_op op, const char *path)
{
	unsigned char data[MESSAGE_MAX];
	size_t len = make(data, MESSAGE_VERSION, op, path, strlen(path));

	send(fd, data, len, MSG_NOSIGNAL);
	close(fd);
}

static void
say(const void *data, size_t len)
{
	int fd = call();

	send(fd, data, len, 0);
	close(fd);
}

/* A message that brings so many descriptors. */
static void
bring(const int *brought, size_t count)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int[MESSAGE_FDS + 1]))];
	} control = {.align = {.cmsg_level = SOL_SOCKET,
			 .cmsg_type = SCM_RIGHTS,
			 .cmsg_len = CMSG_LEN(count * sizeof(int))}};
	unsigned char data[MESSAGE_MAX];
	struct iovec part = {data, make(data, 1, MESSAGE_OPEN, "/x", 2)};
	struct msghdr msg = {.msg_iov = &part,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	int fd = call();

	memcpy(CMSG_DATA(&control.align), brought, count * sizeof(int));
	is_int(sendmsg(fd, &msg, 0), (long long)part.iov_len, "sent");
	close(fd);
}

static int
lowest_free(void)
{
	int fd = dup(f.fd);

	close(fd);
	return fd;
}

static void
test_socket(void)
{
	unsigned char data[MESSAGE_MAX + 100];
	int free_before;

	begin(100);
	free_before = lowest_free();
	memset(data, 'x', sizeof(data));
	bring(&f.fd, 1);
	say(data, sizeof(data));
	say(data, 0);
	close(call());
	/* As long as the longest, and more. */
	make(data, MESSAGE_VERSION, MESSAGE_OPEN, "/", 1);
	say(data, sizeof(data));
	speak(call(), MESSAGE_RENAME, "/y");
	loop_run(f.loop);
	is_int(heard_count, 2, "two messages");
	is_int((long long)f.channel.refused, 4,
	    "refused: no message, empty, nothing, cut");
	is_int(last.sender, getpid(), "the sender by the kernel");
	is_text(order, "xy", "in order");
	is_int(lowest_free(), free_before, "no descriptor is left");
	ok(!f.channel.crowded, "not crowded");
	end();
}

/* A directory and a regular file, in this order; nothing else is taken, nor
 * more. */
static void
test_along(void)
{
	int dir = open("/", O_PATH | O_CLOEXEC);
	int file = open("/proc/self/exe", O_PATH | O_CLOEXEC);
	struct stat root, program;
	int free_before;

	begin(100);
	free_before = lowest_free();
	fstat(dir, &root);
	fstat(file, &program);
	bring((int[]){dir, file}, 2);
	channel_read(&f.channel);
	ok(last_dir.st_ino == root.st_ino && last_dir.st_dev == root.st_dev,
	    "the directory itself");
	ok(last_file.st_ino == program.st_ino &&
		last_file.st_dev == program.st_dev,
	    "the file itself");
	bring((int[]){dir}, 1);
	channel_read(&f.channel);
	ok(last.dir_fd > 0 && last.file_fd == 0, "a directory alone");
	bring((int[]){file, dir}, 2);
	channel_read(&f.channel);
	ok(last.dir_fd == 0 && last.file_fd == 0, "each of its kind");
	bring((int[]){dir, file, f.fd}, 3);
	channel_read(&f.channel);
	ok(last.dir_fd > 0 && last.file_fd > 0,
	    "no more than there is room for");
	speak(call(), MESSAGE_OPEN, "/y");
	channel_read(&f.channel);
	ok(last.dir_fd == 0 && last.file_fd == 0, "none");
	is_int(heard_count, 5, "each is heard");
	is_int(lowest_free(), free_before, "no descriptor is left");
	end();
	close(dir);
	close(file);
}

static void
test_silent(void)
{
	int callers[CHANNEL_CALLERS_MAX + 1], a, b, c;

	begin(100);
	a = call();
	b = call();
	speak(call(), MESSAGE_OPEN, "/1");
	channel_read(&f.channel);
	is_text(order, "1", "others are not held up");
	c = call();
	speak(b, MESSAGE_OPEN, "/3");
	speak(a, MESSAGE_OPEN, "/2");
	speak(c, MESSAGE_OPEN, "/4");
	speak(call(), MESSAGE_OPEN, "/5");
	channel_read(&f.channel);
	is_text(order, "12345", "in the order of the connections");
	a = call();
	close(call());
	b = call();
	channel_read(&f.channel);
	is_int((long long)f.channel.refused, 1, "one has left");
	speak(b, MESSAGE_RENAME, "/6");
	loop_run(f.loop);
	is_text(order, "123456", "the loop waits for them");
	close(a);

	f.channel.refused = 0;
	for (int i = 0; i <= CHANNEL_CALLERS_MAX; i++)
		callers[i] = call();
	channel_read(&f.channel);
	is_int((long long)f.channel.refused, 2, "the oldest of too many");
	speak(callers[0], MESSAGE_OPEN, "/7");
	speak(callers[1], MESSAGE_OPEN, "/8");
	channel_read(&f.channel);
	is_text(order, "1234568", "the others are heard");
	end();
	for (int i = 2; i <= CHANNEL_CALLERS_MAX; i++)
		close(callers[i]);
}

static void
stop(struct loop_timer *timer)
{
	loop_stop(timer->data);
}

/* Its own event is the first of the turn, and somebody new is there. */
static void
test_silent_in_loop(void)
{
	struct loop_timer timer = {.fire = stop};
	int a;

	begin(100);
	timer.data = f.loop;
	a = call();
	/* Until epoll has seen that the socket has no more. */
	loop_timer_set(f.loop, &timer, 20);
	loop_run(f.loop);
	speak(a, MESSAGE_OPEN, "/1");
	speak(call(), MESSAGE_OPEN, "/2");
	speak(call(), MESSAGE_RENAME, "/3");
	loop_run(f.loop);
	is_text(order, "123", "a caller and those behind it in one turn");
	end();
}

static void
test_kept(void)
{
	int a, b;

	begin(100);
	a = call();
	b = accept4(f.fd, NULL, NULL, SOCK_NONBLOCK);
	channel_keep(&f.channel, b);
	speak(a, MESSAGE_OPEN, "/1");
	speak(call(), MESSAGE_RENAME, "/2");
	loop_run(f.loop);
	is_text(order, "12", "a connection of before is the first");
	end();
}

/* From a process of another user, which has ended then. 0: each connected. */
static int
call_as_other_user(int times)
{
	int status = -1;
	pid_t pid = fork();

	if (pid == 0) {
		if (setresuid(NOBODY, NOBODY, NOBODY) < 0)
			_exit(2);
		while (times > 0 && call() >= 0)
			times--;
		_exit(times);
	}
	waitpid(pid, &status, 0);
	return status;
}

/* Each is one of those that are counted, whoever it is. */
static void
test_other_user(void)
{
	int fd, result, taken = 0;
	pid_t pid;

	if (getuid() != 0) {
		ok(true, "another user # SKIP not root: there is none");
		return;
	}
	begin(100);
	is_int(call_as_other_user(5), 0, "another user connects");
	for (int i = 0; i < 5; i++) {
		result = peer_accept(f.fd, 0, &fd, &pid);
		taken += result == 0 && fd == -1;
	}
	is_int(taken, 5, "each is taken by itself and closed");
	is_int(
	    peer_accept(f.fd, 0, &fd, &pid), -EAGAIN, "then nobody is there");
	call_as_other_user(20);
	speak(call(), MESSAGE_RENAME, "/1");
	f.channel.queue = 15;
	loop_run(f.loop);
	is_text(order, "1", "who comes behind them is heard");
	is_int((long long)f.channel.refused, 20, "they are not");
	ok(f.channel.crowded, "but may have taken the place of others");
	end();
}

static void
test_crowded(void)
{
	int fd, sent;

	begin(15);
	f.channel.queue = 15;
	for (sent = 0; sent < 14; sent++)
		speak(call(), MESSAGE_OPEN, "/x");
	channel_read(&f.channel);
	ok(!f.channel.crowded, "there was room");
	for (sent = 0; (fd = call()) >= 0; sent++)
		speak(fd, MESSAGE_OPEN, "/x");
	is_int(sent, 16, "the kernel takes one more than it says");
	channel_read(&f.channel);
	ok(f.channel.crowded, "crowded");
	is_int(heard_count, 14 + sent, "all are heard");
	end();
}

static void
test_no_descriptors(void)
{
	struct rlimit limit, none;
	int a;

	begin(100);
	a = call();
	speak(a, MESSAGE_RENAME, "/1");
	getrlimit(RLIMIT_NOFILE, &limit);
	none = limit;
	none.rlim_cur = (rlim_t)lowest_free();
	setrlimit(RLIMIT_NOFILE, &none);
	channel_read(&f.channel);
	setrlimit(RLIMIT_NOFILE, &limit);
	is_int(heard_count, 0, "no descriptor for it");
	ok(f.channel.crowded, "which may be a loss");
	loop_run(f.loop);
	is_text(order, "1", "later there is one");
	end();
}

int
main(void)
{
	test_parse();
	test_socket();
	test_along();
	test_silent();
	test_silent_in_loop();
	test_kept();
	test_other_user();
	test_crowded();
	test_no_descriptors();
	return done_testing();
}
