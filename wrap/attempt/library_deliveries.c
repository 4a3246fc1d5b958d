#include "wrap/attempt/library_deliveries.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

void
follow_deliveries_add(struct follow_deliveries *d, struct loop *loop,
    struct journal *journal, const struct entry *start,
    void (*changed)(struct delivery *delivery, void *data), void *data)
{
	const struct entry_start *its = &start->start;
	const struct delivery_config config = {.loop = loop,
	    .journal = journal,
	    .start = its,
	    .started_us = start->time_us,
	    .fresh = d->fresh,
	    .changed = changed,
	    .data = data};
	struct err err = ERR_INIT;

	d->list = xcalloc(its->target_len, sizeof(struct delivery *));
	for (size_t i = 0; i < its->target_len; i++) {
		if (delivery_new(&d->list[d->len], &config, &its->targets[i],
			&err) == 0) {
			d->len++;
			continue;
		}
		free(d->remark);
		d->remark =
		    xasprintf("%s: %s", its->targets[i].tracker, err.message);
	}
}

void
follow_deliveries_end(struct follow_deliveries *d)
{
	for (size_t i = 0; i < d->len; i++)
		delivery_free(d->list[i]);
	d->len = 0;
}

void
follow_deliveries_release(struct follow_deliveries *d)
{
	free(d->list);
	free(d->remark);
}

bool
follow_deliveries_are_settled(const struct follow_deliveries *d)
{
	for (size_t i = 0; i < d->len; i++)
		if (!delivery_is_settled(d->list[i]))
			return false;
	return true;
}

bool
follow_deliveries_are_open(const struct follow_deliveries *d)
{
	struct delivery_status status;

	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->list[i], &status);
		if (status.state == DELIVERY_WAITING)
			return false;
	}
	return true;
}

bool
follow_deliveries_have_all(const struct follow_deliveries *d)
{
	struct delivery_status status;

	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->list[i], &status);
		if (status.pending > 0 && !delivery_is_settled(d->list[i]))
			return false;
	}
	return true;
}

static void
say_why(const struct delivery_status *status, struct library_packet *packet)
{
	const char *why = status->refusal;

	if (status->why[0] != '\0' &&
	    (status->state == DELIVERY_BLOCKED ||
		status->state == DELIVERY_GIVEN_UP))
		why = status->why;
	if (why[0] != '\0')
		snprintf(packet->message, sizeof packet->message, "%s: %.400s",
		    status->tracker, why);
}

/* Adds the lines that there is room for, then `more`. */
static void
say_lines(char *to, size_t size, const char *lines, const char *more)
{
	size_t used = strlen(to), len = 0, room;

	if (size - used <= strlen(more) + 1)
		return;
	room = size - used - strlen(more) - 1;
	while (lines[len] != '\0') {
		size_t line = strcspn(lines + len, "\n") + 1;

		if (len + line > room)
			break;
		len += line;
	}
	snprintf(to + used, size - used, "%.*s%s", (int)len, lines,
	    lines[len] != '\0' ? more : "");
}

void
follow_deliveries_tell(
    const struct follow_deliveries *d, struct library_packet *packet)
{
	struct delivery_status status;

	packet->version = LIBRARY_LINK_VERSION;
	if (d->remark != NULL)
		snprintf(packet->message, sizeof packet->message, "%.500s",
		    d->remark);
	for (size_t i = 0; i < d->len; i++) {
		delivery_status(d->list[i], &status);
		packet->pending += status.pending;
		packet->rejected += status.rejected;
		if (status.its_id != NULL &&
		    strlen(status.its_id) < sizeof packet->its_id)
			snprintf(packet->its_id, sizeof packet->its_id, "%s",
			    status.its_id);
		if (packet->message[0] == '\0')
			say_why(&status, packet);
		say_lines(packet->altered, sizeof packet->altered,
		    status.altered, "(more was changed)\n");
		say_lines(packet->refused, sizeof packet->refused,
		    status.refusals, "(more was refused)\n");
	}
}
