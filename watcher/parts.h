/*
 * Cuts the file of records into parts, each of which becomes a RECORDS entry:
 * whole lines with up to 100 records that are to be sent, or 1 MiB of lines, or
 * one longer line. A record's number alone decides whether it is to be sent
 * (mapping/points.h), so that a live run and its import agree.
 *
 *	parts_init(&parts, &config);
 *	parts_line(&parts, &line);      each whole line, records or not
 *	parts_flush(&parts, time_us);   now and then, and at the end
 *	parts_release(&parts);
 */
#ifndef WATCHER_PARTS_H
#define WATCHER_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "journal/entry.h"

#define PARTS_RECORDS_MAX 100
#define PARTS_BYTES_MAX   (1024 * 1024)

struct parts_config {
	bool wanted; /* false: nothing is made */
	int64_t max; /* --records-max; 0: all */
	/* Adoption: so many bytes of the file stand in the journal already. */
	int64_t from;
	/* Takes the entry over; it has no path yet. */
	void (*emit)(struct entry *e, void *data);
	void *data;
};

struct parts_line {
	const char *text; /* without its newline */
	size_t len;
	int64_t end;    /* the offset behind it */
	int64_t number; /* of the record, from 1; 0: the line is none */
	int64_t experiment;
	/* When it was seen to arrive; 0: it was not, and the file was last
	 * written at `written_us`. */
	int64_t arrived_us, written_us;
};

struct parts {
	struct parts_config config;
	int64_t at; /* behind the last line */
	bool open;  /* a part has begun */
	bool seen;  /* its records were seen to arrive */
	int64_t written_us;
	int64_t begin, end; /* of the part, up to its last record to be sent */
	uint32_t crc, end_crc; /* up to the last line; up to that record */
	int64_t first, count, every;
	int64_t arrived_us[PARTS_RECORDS_MAX];
	int64_t experiments[PARTS_RECORDS_MAX];
};

void parts_init(struct parts *p, const struct parts_config *config);
void parts_line(struct parts *p, const struct parts_line *line);
/* Emits the part that has begun. `now_us`: the entry's time if its records were
 * seen to arrive. */
void parts_flush(struct parts *p, int64_t now_us);
/* Has a part begun? */
bool parts_is_open(const struct parts *p);

#endif
