#include "wrap/link/link.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

/* Returns how much of a packet of this type is sent. 0: there is no such
 * type. */
static size_t
packet_len(const struct link_packet *packet)
{
	size_t head = offsetof(struct link_packet, launched);

	switch (packet->type) {
	case LINK_LAUNCHED:
		return head + sizeof(packet->launched);
	case LINK_MESSAGE:
	case LINK_LINE:
		if (packet->message.len > LINK_DATA_MAX)
			return 0;
		return head + offsetof(struct link_message, data) +
		    packet->message.len;
	case LINK_ENDED:
		return head + sizeof(packet->ended);
	case LINK_HURRY:
	case LINK_STOP:
	case LINK_CLOSES:
		return head;
	case LINK_RECORDED:
		return head + sizeof(packet->recorded);
	case LINK_DRAINED:
		return head + sizeof(packet->drained);
	default:
		return 0;
	}
}

int
link_send(int fd, const struct link_packet *packet)
{
	size_t len = packet_len(packet);

	if (len == 0)
		return -EINVAL;
	if (send(fd, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	return 0;
}

int
link_receive(int fd, struct link_packet *packet)
{
	ssize_t got;

	memset(packet, 0, sizeof(*packet));
	do
		got = recv(fd, packet, sizeof(*packet), MSG_DONTWAIT);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == ECONNRESET ? 0 : -errno;
	if (got == 0)
		return 0;
	/* The length field of a message counts only if it was received. */
	if ((size_t)got < offsetof(struct link_packet, launched) ||
	    ((packet->type == LINK_MESSAGE || packet->type == LINK_LINE) &&
		(size_t)got < offsetof(struct link_packet, message.data)) ||
	    (size_t)got != packet_len(packet))
		return -EBADMSG;
	return 1;
}
