/*
 * A packet between launcher and worker: what is taken can be sent again and is
 * the same; a message in it is the shim's or nobody's.
 */
#include <errno.h>
#include <stddef.h>
#include <sys/socket.h>

#include "tests/fuzz/fuzz.h"
#include "wrap/worker/channel.h"
#include "wrap/link/link.h"

static void
check_message(const struct link_message *m)
{
	struct message message;

	expect(m->len <= LINK_DATA_MAX);
	if (message_parse(&message, m->sender, m->data, m->len))
		expect(message.path[0] == '\0' || message.path[0] == '/');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct link_packet packet, again;
	int pair[2], result;

	expect(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	expect(link_receive(pair[1], &packet) == -EAGAIN);
	/* An empty packet is like the end. */
	if (size > 0 && send(pair[0], data, size, MSG_DONTWAIT) < 0)
		size = 0;
	result = link_receive(pair[1], &packet);
	expect(size > 0 || result == -EAGAIN);
	expect(result == 1 || result == -EBADMSG || result == -EAGAIN);
	if (result == 1) {
		expect(packet.type <= LINK_CLOSES);
		expect(memcmp(&packet, data,
			   size < sizeof packet ? size : sizeof packet) == 0);
		if (packet.type == LINK_MESSAGE || packet.type == LINK_LINE)
			check_message(&packet.message);
		expect(link_send(pair[0], &packet) == 0);
		expect(link_receive(pair[1], &again) == 1);
		expect(memcmp(&packet, &again, sizeof packet) == 0);
	}
	close(pair[0]);
	expect(link_receive(pair[1], &again) == 0);
	close(pair[1]);
	return 0;
}
