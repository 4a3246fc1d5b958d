#include "wrap/attempt/report.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "format/jsonwrite.h"
#include "format/text.h"

void
report_init(struct report *r)
{
	buf_init(&r->text, REPORT_MAX_BYTES);
	buf_init(&r->json, REPORT_MAX_BYTES);
	r->run_count = 0;
}

void
report_release(struct report *r)
{
	buf_release(&r->text);
	buf_release(&r->json);
}

void
report_say(struct report *r, const char *format, ...)
{
	va_list ap;
	char *line;
	int n;

	va_start(ap, format);
	n = vasprintf(&line, format, ap);
	va_end(ap);
	if (n < 0)
		die("out of memory");
	buf_adds(&r->text, "itrack: ");
	text_escape(&r->text, line);
	buf_addc(&r->text, '\n');
	free(line);
}

void
report_say_lines(struct report *r, const char *lines)
{
	while (*lines != '\0') {
		size_t len = strcspn(lines, "\n");

		report_say(r, "%.*s", (int)len, lines);
		lines += len;
		if (*lines == '\n')
			lines++;
	}
}

static const char *
plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

static void
say_run(struct report *r, const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);
	const struct mapping *m =
	    w != NULL ? derive_mapping(watcher_derive(w)) : NULL;
	const char *id = attempt_run_id(a);
	const char *status = attempt_is_left(a) ? "not read to its end"
	    : !attempt_is_ended(a)              ? "going on"
				   : run_status_name(attempt_status(a));
	struct buf line;

	if (m == NULL && attempt_start(a)->source == SOURCE_LIBRARY) {
		report_say(
		    r, "run %s %s", id != NULL ? id : "without ID", status);
		return;
	}
	if (m == NULL) {
		report_say(r, "run %s %s (%s)", id != NULL ? id : "unknown",
		    status, attempt_start(a)->run_dir);
		return;
	}
	report_say(r, "run %s %s: %llu record%s, %zu experiment%s (%s)",
	    id != NULL ? id : "unknown", status,
	    (unsigned long long)m->record_count, plural(m->record_count),
	    m->live_len, plural(m->live_len), attempt_start(a)->run_dir);
	if (m->malformed_lines > 0)
		report_say(r,
		    "%llu line%s of records.jsonl could not be read, the "
		    "first is line %llu",
		    (unsigned long long)m->malformed_lines,
		    plural(m->malformed_lines),
		    (unsigned long long)derive_first_malformed(
			watcher_derive(w)));
	buf_init(&line, REPORT_MAX_BYTES);
	if (derive_limits_passed(watcher_derive(w), &line))
		report_say(r, "%s", line.data);
	buf_release(&line);
	report_say_lines(r, watcher_remarks(w));
}

/* What becomes of what is pending; allocated. The disk decides. `lead` stands
 * before a command that finishes it. */
static char *
what_next(const struct attempt *a, const char *lead)
{
	bool directory = attempt_start(a)->source != SOURCE_LIBRARY;
	char *run_dir, *next;

	if (!attempt_in_memory(a))
		return xasprintf("%sitrack sync %s%s", lead, attempt_name(a),
		    !attempt_is_cut(a) ? ""
			: directory
			? " (the journal is cut short: the rest is read from "
			  "the run directory, while it is there)"
			: " (the journal is cut short: the rest is lost)");
	if (!directory)
		return xstrdup("it is lost, because there is no journal");
	run_dir = text_shell_word(attempt_start(a)->run_dir);
	next = xasprintf("it is lost, because there is no journal; while the "
			 "run directory is there: itrack import %s",
	    run_dir);
	free(run_dir);
	return next;
}

static void
say_pending(
    struct report *r, const struct attempt *a, const struct delivery_status *s)
{
	uint64_t all = s->delivered + s->rejected + s->pending;
	char *next = what_next(a, "to finish: ");

	report_say(r, "%s: delivered %llu of %llu, the rest is pending: %s; %s",
	    s->tracker, (unsigned long long)s->delivered,
	    (unsigned long long)all,
	    s->why[0] != '\0'        ? s->why
		: attempt_is_left(a) ? "the run was not read to its end"
				     : "no answer in time",
	    next);
	free(next);
}

static void
say_delivery(
    struct report *r, const struct attempt *a, const struct delivery_status *s)
{
	uint64_t all = s->delivered + s->rejected + s->pending;
	const char *place = s->place != NULL ? s->place : "";

	if (s->state == DELIVERY_FINISHED && s->rejected == 0)
		report_say(r, "%s: delivered %llu of %llu: %s", s->tracker,
		    (unsigned long long)s->delivered, (unsigned long long)all,
		    place);
	else if (s->state == DELIVERY_FINISHED)
		report_say(r, "%s: delivered %llu of %llu, %llu rejected: %s",
		    s->tracker, (unsigned long long)s->delivered,
		    (unsigned long long)all, (unsigned long long)s->rejected,
		    place);
	else
		say_pending(r, a, s);
	for (size_t i = 0; i < s->note_len; i++)
		report_say(r, "%s: %s", s->tracker, s->notes[i]);
}

static void
put_delivery(struct jsonwrite *w, const struct delivery_status *s)
{
	static const char *const states[] = {
	    [DELIVERY_WAITING] = "pending",
	    [DELIVERY_ACTIVE] = "pending",
	    [DELIVERY_FINISHED] = "complete",
	    [DELIVERY_BLOCKED] = "blocked",
	    [DELIVERY_GIVEN_UP] = "pending",
	};

	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "tracker", s->tracker);
	jsonwrite_text_member(w, "state", states[s->state]);
	jsonwrite_int_member(w, "delivered", (int64_t)s->delivered);
	jsonwrite_int_member(w, "rejected", (int64_t)s->rejected);
	jsonwrite_int_member(w, "pending", (int64_t)s->pending);
	jsonwrite_text_member(w, "place", s->place);
	jsonwrite_text_member(w, "error", s->why[0] != '\0' ? s->why : NULL);
	jsonwrite_key(w, "notes");
	jsonwrite_open(w, '[');
	for (size_t i = 0; i < s->note_len; i++)
		jsonwrite_text(w, s->notes[i]);
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

static void
add_json(struct report *r, const struct attempt *a)
{
	const struct watcher *watcher = attempt_watcher(a);
	struct delivery_status status;
	struct jsonwrite w;

	if (r->run_count > 0)
		buf_addc(&r->json, ',');
	jsonwrite_init(&w, &r->json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "attempt", attempt_name(a));
	jsonwrite_text_member(&w, "run_id", attempt_run_id(a));
	jsonwrite_text_member(&w, "run_dir", attempt_start(a)->run_dir);
	jsonwrite_text_member(&w, "status",
	    attempt_is_ended(a) && !attempt_is_left(a)
		? run_status_name(attempt_status(a))
		: NULL);
	if (watcher != NULL) {
		const struct mapping *m =
		    derive_mapping(watcher_derive(watcher));

		jsonwrite_int_member(
		    &w, "record_count", (int64_t)m->record_count);
		jsonwrite_int_member(
		    &w, "malformed_lines", (int64_t)m->malformed_lines);
		jsonwrite_int_member(
		    &w, "experiment_count", (int64_t)m->live_len);
	}
	jsonwrite_bool_member(&w, "journal_in_memory", attempt_in_memory(a));
	jsonwrite_key(&w, "trackers");
	jsonwrite_open(&w, '[');
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &status);
		put_delivery(&w, &status);
	}
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
}

void
report_add(struct report *r, const struct attempt *a)
{
	struct delivery_status status;

	say_run(r, a);
	report_say_lines(r, attempt_remarks(a));
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &status);
		say_delivery(r, a, &status);
	}
	if (attempt_delivery_count(a) == 0) {
		char *next = what_next(a, "");

		report_say(r, "recorded, not delivered: %s", next);
		free(next);
	}
	add_json(r, a);
	r->run_count++;
}

void
report_add_going_on(struct report *r, const struct attempt *a, pid_t writer)
{
	char *name = process_name(writer);

	say_run(r, a);
	report_say_lines(r, attempt_remarks(a));
	report_say(r,
	    "the run is still being written, by process %d%s%s%s; itrack stays "
	    "with it until it ends (process %d; itrack status)",
	    (int)writer, name != NULL ? " (" : "", name != NULL ? name : "",
	    name != NULL ? ")" : "", (int)getpid());
	free(name);
	add_json(r, a);
	r->run_count++;
}

/* A device or a FIFO is written to: in its place a file would be a surprise. A
 * FIFO without a reader is an error, and no reason to wait. */
static int
write_special(const char *path, const struct buf *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return err_errno(err, "%s", path);
	result = file_write_all(fd, text->data, text->len, err);
	close(fd);
	return result;
}

/* The file that a symbolic link names is replaced, not the link. */
static int
write_file(const char *path, const struct buf *text, struct err *err)
{
	char *real = realpath(path, NULL);
	char *parent = path_parent(real != NULL ? real : path);
	int dir_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (dir_fd < 0) {
		result = err_errno(err, "%s", path);
	} else {
		result =
		    file_replace(dir_fd, path_base(real != NULL ? real : path),
			text->data, text->len, 0666, err);
		close(dir_fd);
	}
	free(parent);
	free(real);
	return result;
}

int
report_write(const struct report *r, const char *path, struct err *err)
{
	struct buf text;
	struct stat st;
	int result;

	buf_init(&text, REPORT_MAX_BYTES + 64);
	buf_addf(&text, "{\"version\":%d,\"runs\":[", REPORT_VERSION);
	buf_add(&text, r->json.data, r->json.len);
	buf_adds(&text, "]}\n");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		result = write_special(path, &text, err);
	else
		result = write_file(path, &text, err);
	buf_release(&text);
	return result;
}
