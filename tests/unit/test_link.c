/* Packets between launcher and worker: whole, bounded, never blocking. */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tap.h"
#include "wrap/link/link.h"

static struct link_packet out, in;

static void
test_packets(int a, int b)
{
	is_int(link_receive(b, &in), -EAGAIN, "nothing there");
	out.type = LINK_LAUNCHED;
	out.launched.version = LINK_VERSION;
	out.launched.command = 42;
	is_int(link_send(a, &out), 0, "launched");
	out.type = LINK_MESSAGE;
	out.message.sender = 43;
	out.message.len = 5;
	memcpy(out.message.data, "abcde", 5);
	is_int(link_send(a, &out), 0, "message");
	out.type = LINK_HURRY;
	is_int(link_send(a, &out), 0, "hurry");
	is_int(link_receive(b, &in), 1, "the first");
	ok(in.type == LINK_LAUNCHED && in.launched.command == 42,
	    "as it was sent");
	is_int(link_receive(b, &in), 1, "the second");
	ok(in.type == LINK_MESSAGE && in.message.sender == 43 &&
		in.message.len == 5 && memcmp(in.message.data, "abcde", 5) == 0,
	    "as it was sent");
	is_int(link_receive(b, &in), 1, "the third");
	is_int(in.type, LINK_HURRY, "as it was sent");
}

static void
test_bad(int a, int b)
{
	uint32_t words[4] = {99, 0, 0, 0};

	out.type = 99;
	is_int(link_send(a, &out), -EINVAL, "an unknown type is not sent");
	out.type = LINK_MESSAGE;
	out.message.len = LINK_DATA_MAX + 1;
	is_int(link_send(a, &out), -EINVAL, "too long a message is not sent");
	send(a, words, sizeof(words), 0);
	is_int(link_receive(b, &in), -EBADMSG, "an unknown type");
	words[0] = LINK_LAUNCHED;
	send(a, words, sizeof(words), 0);
	is_int(link_receive(b, &in), -EBADMSG, "a packet cut short");
	words[0] = LINK_MESSAGE;
	words[3] = 1000;
	send(a, words, sizeof(words), 0);
	is_int(link_receive(b, &in), -EBADMSG, "a length beyond the packet");
}

int
main(void)
{
	int pair[2], sent = 0;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return 1;
	test_packets(pair[0], pair[1]);
	test_bad(pair[0], pair[1]);
	out.type = LINK_HURRY;
	while (sent < 1000000 && link_send(pair[0], &out) == 0)
		sent++;
	is_int(link_send(pair[0], &out), -EAGAIN, "full, and not blocked");
	close(pair[0]);
	while (link_receive(pair[1], &in) == 1)
		sent--;
	is_int(sent, 0, "all of them arrived");
	is_int(link_receive(pair[1], &in), 0, "the other end is gone");
	is_int(link_send(pair[1], &out), -EPIPE, "and no signal");
	return done_testing();
}
