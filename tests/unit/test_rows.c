/* The file of records is cut into parts (watcher/parts.h), and the rows of each
 * part are read back from the file (tracker/common/rows.h). */
#include "tracker/common/rows.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "format/crc32c.h"
#include "mapping/points.h"
#include "tap.h"
#include "watcher/parts.h"

#define ENTRIES_MAX 400
#define SECOND_US   INT64_C(1000000)
#define WRITTEN_US  INT64_C(1800000000000000)
#define LONG_CHARS  (2 * PARTS_BYTES_MAX)

static char path[] = "/tmp/itrack-rows-XXXXXX";
static struct entry entries[ENTRIES_MAX];
static size_t entry_len;
static struct entry_start start = {.attempt = (char *)"20261127T000000Z-a"};

static void
on_entry(struct entry *e, void *data)
{
	(void)data;
	e->records.path = xstrdup(path);
	entries[entry_len++] = *e;
}

static void
forget(void)
{
	for (size_t i = 0; i < entry_len; i++)
		entry_release(&entries[i]);
	entry_len = 0;
}

/* The lines of a file that is being cut. */
struct file {
	FILE *stream;
	struct parts parts;
	int64_t end, number;
};

static void
begin(struct file *f, int64_t max, int64_t from)
{
	struct parts_config config = {
	    .wanted = true, .max = max, .from = from, .emit = on_entry};

	forget();
	*f = (struct file){.stream = fopen(path, "w")};
	parts_init(&f->parts, &config);
}

static void
put(struct file *f, const char *text, bool is_record, int64_t arrived_us)
{
	struct parts_line line = {.text = text,
	    .len = strlen(text),
	    .arrived_us = arrived_us,
	    .written_us = WRITTEN_US};

	fprintf(f->stream, "%s\n", text);
	f->end += (int64_t)line.len + 1;
	line.end = f->end;
	if (is_record)
		line.number = ++f->number;
	line.experiment = line.number % 3;
	parts_line(&f->parts, &line);
}

static void
put_record(struct file *f, int64_t arrived_us)
{
	char line[64];

	snprintf(line, sizeof line, "{\"example_id\":\"%jd\"}",
	    (intmax_t)f->number + 1);
	put(f, line, true, arrived_us);
}

static void
end(struct file *f, int64_t now_us)
{
	parts_flush(&f->parts, now_us);
	fclose(f->stream);
}

/* Reads all rows back; are they the records whose numbers are due, each with
 * its own number as example? */
static bool
reads_back(int64_t from, int64_t to, int64_t max)
{
	int64_t due = from;
	bool good = true;

	for (size_t i = 0; i < entry_len && good; i++) {
		struct rows rows;

		if (rows_open(&rows, &start, &entries[i], NULL) != OUTCOME_DONE)
			return false;
		good = rows.len == (size_t)entries[i].records.count;
		for (size_t k = 0; k < rows.len && good; k++) {
			struct row row;

			while (!points_is_due((uint64_t)due, (uint64_t)max))
				due++;
			rows_get(&rows, k, &row);
			good = row.number == due &&
			    strtoll(row.example_id, NULL, 10) == due &&
			    row.experiment == due % 3;
			due++;
			row_release(&row);
		}
		rows_release(&rows);
	}
	while (due <= to && !points_is_due((uint64_t)due, (uint64_t)max))
		due++;
	return good && due == to + 1;
}

static void
test_parts(void)
{
	struct file f;

	begin(&f, 0, 0);
	for (int i = 0; i < 250; i++) {
		if (i % 7 == 0)
			put(&f, i % 2 == 0 ? "" : "torn {", false, 0);
		put_record(&f, 0);
	}
	end(&f, 0);
	is_int((long long)entry_len, 3, "250 records are three parts");
	is_int(entries[1].records.first, 101, "with the numbers of the run");
	is_int(entries[2].time_us, WRITTEN_US, "not seen: the file's time");
	ok(reads_back(1, 250, 0), "each row comes back");
	begin(&f, 16, 0);
	for (int i = 0; i < 5000; i++)
		put_record(&f, 0);
	end(&f, 0);
	ok(reads_back(1, 5000, 16), "beyond the limit every n-th comes back");
}

static void
test_from(void)
{
	struct file f;
	int64_t from = 0;

	begin(&f, 0, 0);
	for (int i = 0; i < 130; i++) {
		put_record(&f, 0);
		if (i == 99)
			from = f.end;
	}
	end(&f, 0);
	begin(&f, 0, from);
	for (int i = 0; i < 130; i++)
		put_record(&f, 0);
	end(&f, 0);
	is_int(entries[0].records.offset, from,
	    "what the journal has is left out");
	ok(reads_back(101, 130, 0), "and the rest comes back");
}

static void
test_arrivals(void)
{
	int64_t t = WRITTEN_US + SECOND_US;
	struct file f;
	struct rows rows;
	struct row row;

	begin(&f, 0, 0);
	put_record(&f, 0);
	put(&f, "{\"example_id\":\"2\",\"latency_ms\":250}", true, t);
	put_record(&f, t + SECOND_US);
	end(&f, t + 2 * SECOND_US);
	is_int((long long)entry_len, 2, "seen and not seen are two parts");
	is_int(entries[1].time_us, t + 2 * SECOND_US, "the time of the entry");
	rows_open(&rows, &start, &entries[1], NULL);
	rows_get(&rows, 0, &row);
	ok(row.observed, "it was seen to arrive");
	is_int(row.end_us, t, "then it ended");
	is_int(row.start_us, t - 250000, "and began its latency before");
	row_release(&row);
	rows_get(&rows, 1, &row);
	is_int(row.start_us, t + SECOND_US, "without latency: at once");
	row_release(&row);
	rows_release(&rows);
}

static void
own_times(int64_t birth_us, const char *started, const char *completed,
    int64_t start_us, int64_t end_us, const char *what)
{
	char line[256];
	struct file f;
	struct rows rows;
	struct row row;

	snprintf(line, sizeof line,
	    "{\"started_at\":\"%s\",\"completed_at\":\"%s\"}", started,
	    completed);
	start.dir_birth_ns = birth_us * 1000;
	begin(&f, 0, 0);
	put(&f, line, true, 0);
	end(&f, 0);
	rows_open(&rows, &start, &entries[0], NULL);
	rows_get(&rows, 0, &row);
	ok(row.start_us == start_us && row.end_us == end_us, "%s", what);
	row_release(&row);
	rows_release(&rows);
	start.dir_birth_ns = 0;
}

/* WRITTEN_US is 2027-01-15 08:00 UTC. */
static void
test_own_times(void)
{
	own_times(WRITTEN_US - 60 * SECOND_US, "2027-01-15T07:59:30+00:00",
	    "2027-01-15T07:59:31+00:00", WRITTEN_US - 30 * SECOND_US,
	    WRITTEN_US - 29 * SECOND_US, "own times that can be true");
	own_times(WRITTEN_US - 60 * SECOND_US, "2009-01-15T07:59:30+00:00",
	    "2009-01-15T07:59:31+00:00", WRITTEN_US, WRITTEN_US,
	    "own times of another year");
	own_times(WRITTEN_US - 60 * SECOND_US, "2027-01-15T07:59:30+00:00",
	    "2027-01-15T08:00:01+00:00", WRITTEN_US, WRITTEN_US,
	    "own times after the last write");
	own_times(0, "2027-01-15T07:59:30+00:00", "2027-01-15T07:59:31+00:00",
	    WRITTEN_US, WRITTEN_US, "no birth to compare with");
}

static void
test_long(void)
{
	static const char head[] = "{\"example_id\":\"2\",\"a\":\"";
	char *text = xmalloc(LONG_CHARS + 64);
	struct file f;

	memset(text, 'x', LONG_CHARS);
	memcpy(text, head, sizeof head - 1);
	snprintf(text + LONG_CHARS, 64, "\"}");
	begin(&f, 0, 0);
	put_record(&f, 0);
	put(&f, text, true, 0);
	put_record(&f, 0);
	end(&f, 0);
	is_int((long long)entry_len, 3, "a long record is a part of its own");
	ok(reads_back(1, 3, 0), "and comes back");
	free(text);
}

static void
refused(enum outcome want, const char *what)
{
	struct err err = ERR_INIT;
	struct rows rows;

	ok(rows_open(&rows, &start, &entries[0], &err) == want, "%s: %s", what,
	    err.message);
}

static void
test_changed(void)
{
	struct file f;
	FILE *stream;

	begin(&f, 0, 0);
	for (int i = 0; i < 5; i++)
		put_record(&f, 0);
	end(&f, 0);
	stream = fopen(path, "r+");
	fputs("{\"example_id\":\"7\"}", stream);
	fclose(stream);
	refused(OUTCOME_REJECTED, "another text of the same length");
	ok(truncate(path, 20) == 0, "cut");
	refused(OUTCOME_REJECTED, "a file that was cut");
	unlink(path);
	refused(OUTCOME_REJECTED, "a file that is gone");
	start.host = (char *)"elsewhere.invalid";
	refused(OUTCOME_BLOCKED, "a file of another host");
	start.host = NULL;
	entries[0].records.length = INT64_C(1) << 40;
	refused(OUTCOME_REJECTED, "a part that nobody could hold");
}

static void
test_kept(void)
{
	char kept[] = "/tmp/itrack-kept-XXXXXX";
	struct file f;

	close(mkstemp(kept));
	begin(&f, 0, 0);
	for (int i = 0; i < 5; i++)
		put_record(&f, 0);
	end(&f, 0);
	rename(path, kept);
	refused(OUTCOME_REJECTED, "the file is gone");
	entries[0].records.kept = xstrdup(kept);
	ok(reads_back(1, 5, 0), "the kept copy has the rows");
	rename(kept, path);
	ok(reads_back(1, 5, 0), "without it the file has");
}

int
main(void)
{
	close(mkstemp(path));
	test_parts();
	test_from();
	test_arrivals();
	test_own_times();
	test_long();
	test_changed();
	test_kept();
	forget();
	unlink(path);
	return done_testing();
}
