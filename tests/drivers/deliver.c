/*
 * Delivers a journal to one tracker through the engine, for the trackers' own
 * tests:
 *
 *	deliver [-d limit_ms] [-p pause_ms] STATE_DIR ENTRIES TRACKER
 *	    [option=value]...
 *
 * ENTRIES is a file of entries as in journal.jsonl. Its attempt is adopted if
 * STATE_DIR has it (a run before this one was killed), else created; entries
 * that it lacks are appended, one each pause_ms (0: all at once). Then it
 * waits until nothing is left to do, at most limit_ms (60000), and prints
 *
 *	state STATE     finished, blocked; active, waiting: not done in time
 *	entries DELIVERED REJECTED PENDING
 *	place TEXT      if there is one, as the next
 *	why TEXT
 *	needs OPTION    of sync
 *	note TEXT       each
 *
 * Options as in the target of a start entry, e.g. mlflow-uri=http://... The
 * status is 0 if the tracker has everything.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/loop.h"
#include "journal/journal.h"
#include "tracker/tracker.h"

#define ENTRIES_MAX_BYTES (512 * 1024 * 1024)
#define OPTIONS_MAX       32

struct driver {
	struct loop *loop;
	struct journal *journal;
	struct delivery *delivery;
	struct buf text;
	size_t at; /* of the next entry in text */
	struct entry start;
	struct loop_timer timer;
	long pause_ms, limit_ms;
	struct loop_timer limit;
};

/* Appends the next entry; false: there is none. */
static bool
append_one(struct driver *d)
{
	const char *line = d->text.data + d->at;
	const char *end = memchr(line, '\n', d->text.len - d->at);
	struct err err = ERR_INIT;
	struct entry e;

	if (end == NULL)
		return false;
	if (entry_decode(&e, line, (size_t)(end - line), &err) < 0 ||
	    journal_append(d->journal, &e, &err) < 0)
		die("entry at byte %zu: %s", d->at, err.message);
	entry_release(&e);
	d->at = (size_t)(end + 1 - d->text.data);
	return true;
}

static void
on_timer(struct loop_timer *timer)
{
	struct driver *d = timer->data;
	bool more;

	do
		more = append_one(d);
	while (more && d->pause_ms == 0);
	journal_flush(d->journal, NULL);
	delivery_kick(d->delivery);
	if (more)
		loop_timer_set(d->loop, timer, d->pause_ms);
	else
		loop_timer_set(d->loop, &d->limit, d->limit_ms);
}

static void
on_limit(struct loop_timer *timer)
{
	struct driver *d = timer->data;

	loop_stop(d->loop);
}

static void
on_changed(struct delivery *delivery, void *data)
{
	struct driver *d = data;

	(void)delivery;
	loop_stop(d->loop);
}

/* Passes over the entries that the journal has already. */
static void
skip_known(struct driver *d)
{
	struct journal_reader reader;
	struct entry e;

	journal_reader_init(&reader, d->journal);
	while (journal_read(&reader, &e, NULL) > 0) {
		const char *line = d->text.data + d->at;
		const char *end = memchr(line, '\n', d->text.len - d->at);

		entry_release(&e);
		if (end != NULL)
			d->at = (size_t)(end + 1 - d->text.data);
	}
	journal_reader_release(&reader);
}

/* A driver that was killed before its first entry left an empty journal. It had
 * this name, which no other process takes. */
static void
remove_newborn(const char *state_dir, const char *attempt)
{
	char *path = xasprintf("%s/runs/%s/journal.jsonl", state_dir, attempt);
	struct stat st;

	if (stat(path, &st) == 0 && st.st_size == 0)
		unlink(path);
	free(path);
}

static void
open_journal(struct driver *d, const char *state_dir, const char *entries)
{
	struct err err = ERR_INIT;
	const char *end;
	int result;

	buf_init(&d->text, ENTRIES_MAX_BYTES);
	if (file_read_all(AT_FDCWD, entries, &d->text, &err) < 0)
		die("%s", err.message);
	end = strchr(d->text.data, '\n');
	if (end == NULL ||
	    entry_decode(&d->start, d->text.data, (size_t)(end - d->text.data),
		&err) < 0 ||
	    d->start.kind != ENTRY_START)
		die("%s: no start entry: %s", entries, err.message);
	remove_newborn(state_dir, d->start.start.attempt);
	result =
	    journal_adopt(state_dir, d->start.start.attempt, &d->journal, &err);
	if (result == 0)
		skip_known(d);
	else if (result == -ENOENT)
		d->journal =
		    journal_create(state_dir, d->start.start.attempt, &err);
	else
		die("%s", err.message);
}

static int
report(const struct driver *d)
{
	static const char *const names[] = {[DELIVERY_WAITING] = "waiting",
	    [DELIVERY_ACTIVE] = "active",
	    [DELIVERY_FINISHED] = "finished",
	    [DELIVERY_BLOCKED] = "blocked",
	    [DELIVERY_GIVEN_UP] = "gave up"};
	struct delivery_status s;

	delivery_status(d->delivery, &s);
	printf("state %s\n", names[s.state]);
	printf("entries %ju %ju %ju\n", (uintmax_t)s.delivered,
	    (uintmax_t)s.rejected, (uintmax_t)s.pending);
	if (s.place != NULL)
		printf("place %s\n", s.place);
	if (s.why[0] != '\0')
		printf("why %s\n", s.why);
	if (s.needs != NULL)
		printf("needs %s\n", s.needs);
	for (size_t i = 0; i < s.note_len; i++)
		printf("note %s\n", s.notes[i]);
	return s.state == DELIVERY_FINISHED ? 0 : 1;
}

int
main(int argc, char **argv)
{
	struct driver d = {.loop = loop_new(), .limit_ms = 60000};
	struct pair options[OPTIONS_MAX];
	struct target target = {.options = options};
	struct delivery_config config;
	struct err err = ERR_INIT;
	int c, result;

	while ((c = getopt(argc, argv, "d:p:")) != -1)
		if (c == 'd')
			d.limit_ms = strtol(optarg, NULL, 10);
		else if (c == 'p')
			d.pause_ms = strtol(optarg, NULL, 10);
		else
			die("usage: deliver [-d ms] [-p ms] STATE_DIR ENTRIES "
			    "TRACKER [option=value]...");
	if (argc - optind < 3)
		die("deliver: STATE_DIR, ENTRIES and TRACKER are needed");
	open_journal(&d, argv[optind], argv[optind + 1]);
	target.tracker = argv[optind + 2];
	for (int i = optind + 3; i < argc; i++) {
		char *equals = strchr(argv[i], '=');

		if (equals == NULL || target.option_len == OPTIONS_MAX)
			die("%s is no option=value", argv[i]);
		*equals = '\0';
		options[target.option_len++] =
		    (struct pair){argv[i], equals + 1};
	}
	config = (struct delivery_config){.loop = d.loop,
	    .journal = d.journal,
	    .start = &d.start.start,
	    .started_us = d.start.time_us,
	    .changed = on_changed,
	    .data = &d};
	if (delivery_new(&d.delivery, &config, &target, &err) < 0)
		die("%s", err.message);
	d.timer = (struct loop_timer){.fire = on_timer, .data = &d};
	d.limit = (struct loop_timer){.fire = on_limit, .data = &d};
	loop_timer_set(d.loop, &d.timer, 0);
	if (!delivery_is_settled(d.delivery))
		loop_run(d.loop);
	result = report(&d);
	delivery_free(d.delivery);
	loop_timer_cancel(d.loop, &d.timer);
	loop_timer_cancel(d.loop, &d.limit);
	journal_close(d.journal);
	entry_release(&d.start);
	buf_release(&d.text);
	loop_free(d.loop);
	return result;
}
