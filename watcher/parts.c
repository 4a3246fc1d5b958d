#include "watcher/parts.h"

#include "base/die.h"
#include "format/crc32c.h"
#include "mapping/points.h"

void
parts_init(struct parts *p, const struct parts_config *config)
{
	*p = (struct parts){.config = *config};
}

bool
parts_is_open(const struct parts *p)
{
	return p->open;
}

static void
add_lists(const struct parts *p, struct entry_records *e, int64_t time_us)
{
	size_t count = (size_t)p->count;
	bool several = false;

	for (size_t i = 0; i < count; i++)
		several = several || p->experiments[i] != 0;
	if (several) {
		e->experiments = xcalloc(count, sizeof *e->experiments);
		e->experiment_len = count;
	}
	if (p->seen) {
		e->ages_us = xcalloc(count, sizeof *e->ages_us);
		e->age_len = count;
	}
	for (size_t i = 0; i < count; i++) {
		if (several)
			e->experiments[i] = p->experiments[i];
		/* The clock may have been set back. */
		if (p->seen && p->arrived_us[i] < time_us)
			e->ages_us[i] = time_us - p->arrived_us[i];
	}
}

void
parts_flush(struct parts *p, int64_t now_us)
{
	int64_t time_us = p->written_us;
	struct entry e;

	if (!p->open)
		return;
	p->open = false;
	if (p->seen) {
		time_us = p->arrived_us[p->count - 1];
		if (now_us > time_us)
			time_us = now_us;
	}
	entry_init(&e, ENTRY_RECORDS, time_us);
	e.records.offset = p->begin;
	e.records.length = p->end - p->begin;
	e.records.crc32c = p->end_crc;
	e.records.first = p->first;
	e.records.count = p->count;
	e.records.every = p->every;
	add_lists(p, &e.records, e.time_us);
	p->config.emit(&e, p->config.data);
}

static int64_t
every_of(const struct parts *p, const struct parts_line *line)
{
	return (int64_t)points_every(
	    (uint64_t)line->number, (uint64_t)p->config.max);
}

static bool
has_room(const struct parts *p, const struct parts_line *line)
{
	return p->count < PARTS_RECORDS_MAX &&
	    line->end - p->begin <= PARTS_BYTES_MAX &&
	    p->every == every_of(p, line) && p->seen == (line->arrived_us > 0);
}

static void
begin(struct parts *p, const struct parts_line *line, int64_t at)
{
	p->open = true;
	p->begin = at;
	p->crc = 0;
	p->first = line->number;
	p->count = 0;
	p->every = every_of(p, line);
	p->seen = line->arrived_us > 0;
}

void
parts_line(struct parts *p, const struct parts_line *line)
{
	int64_t at = p->at, bytes = line->end - at;
	bool due = line->number > 0 &&
	    points_is_due((uint64_t)line->number, (uint64_t)p->config.max);

	p->at = line->end;
	if (!p->config.wanted || line->end <= p->config.from)
		return;
	/* The bytes of a line that is too long are not known. */
	if (bytes != (int64_t)line->len && bytes != (int64_t)line->len + 1) {
		parts_flush(p, line->arrived_us);
		return;
	}
	if (p->open && due && !has_room(p, line))
		parts_flush(p, line->arrived_us);
	if (!p->open && due)
		begin(p, line, at);
	if (!p->open)
		return;
	p->crc = crc32c(p->crc, line->text, line->len);
	if (bytes > (int64_t)line->len)
		p->crc = crc32c(p->crc, "\n", 1);
	if (!due)
		return;
	p->end = line->end;
	p->end_crc = p->crc;
	p->written_us = line->written_us;
	p->arrived_us[p->count] = line->arrived_us;
	p->experiments[p->count++] = line->experiment;
}
