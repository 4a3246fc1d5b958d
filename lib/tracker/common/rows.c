#include "tracker/common/rows.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "format/crc32c.h"
#include "format/isotime.h"
#include "format/text.h"
#include "tracker/common/artifact_source.h"

/* A record's own times are true from a day before the directory was made. */
#define EARLIEST_US ((int64_t)24 * 60 * 60 * 1000000)

/* Reads the part from a file; SOURCE_CHANGED: it has other bytes. */
static int
read_part(struct rows *rows, const char *text, struct err *err)
{
	const struct entry_records *e = &rows->entry->records;
	char *path = text_path_bytes(text);
	int fd = file_open_through_links(AT_FDCWD, path, NULL, err);
	ssize_t n;

	free(path);
	if (fd < 0)
		return fd;
	n = file_read_at(fd, rows->part, (size_t)e->length, (off_t)e->offset);
	close(fd);
	if (n < 0)
		return err_set(err, (int)n, "%s: %s", text, strerror((int)-n));
	if (n != e->length ||
	    crc32c(0, rows->part, (size_t)n) != (uint32_t)e->crc32c)
		return err_set(err, SOURCE_CHANGED,
		    "%s has changed since its records were recorded", text);
	return 0;
}

static int
read_either(struct rows *rows, struct err *err)
{
	const struct entry_records *e = &rows->entry->records;
	struct err why = ERR_INIT;
	int kept = -ENOENT, result;

	if (e->length > ROWS_BYTES_MAX)
		return err_set(err, SOURCE_CHANGED,
		    "%s: a record is longer than %d bytes", e->path,
		    ROWS_BYTES_MAX);
	rows->part = xmalloc((size_t)e->length + 1);
	if (e->kept != NULL)
		kept = read_part(rows, e->kept, &why);
	result = kept == 0 ? 0 : read_part(rows, e->path, err);
	/* The kept file may be whole. */
	if (result < 0 && kept != SOURCE_CHANGED && file_is_unknown(kept))
		return err_set(err, kept, "%s", why.message);
	return result;
}

static void
add_line(struct rows *rows, const char *line, size_t len, int64_t number)
{
	rows->list =
	    xreallocarray(rows->list, rows->len + 1, sizeof *rows->list);
	rows->list[rows->len++] = (struct rows_line){line, len, number};
}

/* What is a record is decided as by the mapping: a JSON object. */
static void
find_lines(struct rows *rows)
{
	const struct entry_records *e = &rows->entry->records;
	const char *line = rows->part, *end = rows->part + e->length;
	int64_t number = e->first;

	while (line < end && (int64_t)rows->len < e->count) {
		const char *newline = memchr(line, '\n', (size_t)(end - line));
		size_t len = (size_t)((newline != NULL ? newline : end) - line);
		struct json_span record;

		if (jsonscan_whole(line, len, &record) == 0 &&
		    record.type == JSON_OBJECT && number++ % e->every == 0)
			add_line(rows, line, len, number - 1);
		line += len + 1;
	}
}

enum outcome
rows_open(struct rows *rows, const struct entry_start *start,
    const struct entry *entry, struct err *err)
{
	int result;

	*rows = (struct rows){.start = start, .entry = entry};
	result = read_either(rows, err);
	if (result == 0) {
		find_lines(rows);
		return OUTCOME_DONE;
	}
	rows_release(rows);
	if (result == -ENOENT && source_is_elsewhere(start->host)) {
		err_set(err, -ENOENT, "%s is on another host, %s",
		    entry->records.path, start->host);
		return OUTCOME_BLOCKED;
	}
	if (source_outcome(result) != OUTCOME_REJECTED)
		return OUTCOME_BLOCKED;
	/* One code for all of these: the engine knows it. */
	if (err != NULL)
		err->code = SOURCE_CHANGED;
	return OUTCOME_REJECTED;
}

void
rows_release(struct rows *rows)
{
	free(rows->list);
	free(rows->part);
	*rows = (struct rows){0};
}

static void
make_ids(const struct rows *rows, struct row *row)
{
	uint8_t digest[SHA256_DIGEST_LENGTH];
	SHA2_CTX sha;
	char number[32];

	snprintf(number, sizeof number, "/%jd", (intmax_t)row->number);
	SHA256Init(&sha);
	SHA256Update(&sha, (const uint8_t *)rows->start->attempt,
	    strlen(rows->start->attempt));
	SHA256Update(&sha, (const uint8_t *)number, strlen(number));
	SHA256Final(digest, &sha);
	row_set_ids(row, digest);
}

static int64_t
before(int64_t us, const struct row *row)
{
	double start_us = (double)us - row->latency_ms * 1000;

	return row->has_latency && start_us > 0 ? (int64_t)start_us : us;
}

/* Are the record's own times between those of the files? */
static bool
take_own_times(const struct rows *rows, struct row *row)
{
	int64_t birth_us = rows->start->dir_birth_ns / 1000, start_us, end_us;

	if (birth_us <= 0 || row->started_at == NULL ||
	    row->completed_at == NULL ||
	    isotime_parse(row->started_at, strlen(row->started_at), &start_us) <
		0 ||
	    isotime_parse(
		row->completed_at, strlen(row->completed_at), &end_us) < 0 ||
	    start_us < birth_us - EARLIEST_US || end_us < start_us ||
	    end_us > rows->entry->time_us)
		return false;
	row->start_us = start_us;
	row->end_us = end_us;
	return true;
}

static void
take_times(const struct rows *rows, size_t i, struct row *row)
{
	const struct entry_records *e = &rows->entry->records;

	row->observed = i < e->age_len;
	if (!row->observed && take_own_times(rows, row))
		return;
	row->end_us = rows->entry->time_us;
	if (row->observed)
		row->end_us -= e->ages_us[i];
	row->start_us = before(row->end_us, row);
}

void
rows_get(const struct rows *rows, size_t i, struct row *row)
{
	const struct entry_records *e = &rows->entry->records;
	const struct rows_line *line = &rows->list[i];

	row_decode(
	    row, line->line, line->len, entry_start_has_text(rows->start));
	row->number = line->number;
	if (i < e->experiment_len)
		row->experiment = e->experiments[i];
	make_ids(rows, row);
	take_times(rows, i, row);
}
