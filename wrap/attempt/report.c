#include "wrap/attempt/report.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/process.h"
#include "format/text.h"
#include "tracker/common/display.h"
#include "wrap/attempt/result_line.h"
#include "wrap/attempt/report_json.h"
#include "wrap/attempt/report_many.h"
#include "wrap/attempt/values.h"

void
report_init(struct report *r, const struct options *options)
{
	buf_init(&r->text, REPORT_MAX_BYTES);
	buf_init(&r->json, REPORT_MAX_BYTES);
	r->wants_json = options_given(options, OPT_REPORT);
	r->brief = false;
	r->totals = (struct report_totals){0};
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

	va_start(ap, format);
	line = xvasprintf(format, ap);
	va_end(ap);
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

/* How long the run took, 0 if that is not known. */
static double
seconds_of(const struct attempt *a, const struct values *v)
{
	struct attempt_index_facts facts;
	double seconds = 0;

	if (values_metric(v, "wall_time_seconds", &seconds))
		return seconds;
	attempt_index_facts(a, &facts);
	return facts.ended_us > facts.started_us
	    ? (double)(facts.ended_us - facts.started_us) / 1e6
	    : 0;
}

/* What the records hold that is not counted. */
static void
say_defects(struct report *r, const struct watcher *w)
{
	const struct mapping *m = derive_mapping(watcher_derive(w));
	struct buf line;

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

char *
report_name(const struct attempt *a)
{
	const struct entry_start *start = attempt_start(a);
	const char *id = attempt_run_id(a);

	if (start->source == SOURCE_LIBRARY && id == NULL)
		return xstrdup("without ID");
	return display_name(start, id);
}

void
report_headline(
    struct buf *line, const struct attempt *a, const struct values *v)
{
	char *name = report_name(a);
	const char *status = attempt_is_left(a) ? "not read to its end"
	    : !attempt_is_ended(a)              ? "going on"
				   : run_status_name(attempt_status(a));
	struct buf result;

	buf_init(&result, REPORT_MAX_BYTES);
	result_line(&result, v, attempt_start(a)->prefix, seconds_of(a, v));
	buf_addf(line, "run %s %s%s%s", name, status,
	    result.len > 0 ? ": " : "", result.len > 0 ? result.data : "");
	free(name);
	buf_release(&result);
}

/* A command may end by the signal and leave the run's writer at work. */
static const char *
what_came_of_the_rule(const struct attempt *a)
{
	if (!attempt_is_ended(a))
		return "a rule held, and its writer goes on:";
	return attempt_status(a) == RUN_KILLED
	    ? "stopped by"
	    : "it had ended when a rule held:";
}

/* The result first, then what is wrong with it. */
static void
say_run(struct report *r, const struct attempt *a, const struct values *v)
{
	const struct entry_start *start = attempt_start(a);
	struct buf line;

	buf_init(&line, REPORT_MAX_BYTES);
	report_headline(&line, a, v);
	if (start->source != SOURCE_LIBRARY)
		buf_addf(&line, " (%s)", start->run_dir);
	report_say(r, "%s", line.data);
	buf_release(&line);
	if (attempt_stop_reason(a) != NULL)
		report_say(r, "%s --stop-if %s", what_came_of_the_rule(a),
		    attempt_stop_reason(a));
	if (attempt_watcher(a) != NULL)
		say_defects(r, attempt_watcher(a));
}

/* What becomes of what is pending; allocated. The disk decides. `lead` stands
 * before a command that finishes it, which needs the option `needs`, or NULL. */
static char *
what_next(const struct attempt *a, const char *lead, const char *needs)
{
	bool directory = attempt_start(a)->source != SOURCE_LIBRARY;
	char *run_dir, *next;

	if (!attempt_in_memory(a))
		return xasprintf("%sitrack sync %s%s%s%s", lead,
		    needs != NULL ? needs : "", needs != NULL ? " " : "",
		    attempt_name(a),
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
	char *next = what_next(a, "to finish: ", s->needs);
	struct buf line;

	buf_init(&line, REPORT_MAX_BYTES);
	if (s->delivered + s->rejected == 0)
		buf_adds(&line, "nothing delivered, all is pending");
	else
		buf_addf(&line, "delivered %llu of %llu, the rest is pending",
		    (unsigned long long)s->delivered, (unsigned long long)all);
	report_say(r, "%s: %s: %s; %s", s->tracker, line.data,
	    s->why[0] != '\0'        ? s->why
		: attempt_is_left(a) ? "the run was not read to its end"
				     : "no answer in time",
	    next);
	buf_release(&line);
	free(next);
}

static void
say_delivery(
    struct report *r, const struct attempt *a, const struct delivery_status *s)
{
	const char *place = s->place != NULL ? s->place : "";
	const char *colon = place[0] != '\0' ? ": " : "";
	unsigned long long done = s->delivered, refused = s->rejected;

	if (s->state != DELIVERY_FINISHED)
		say_pending(r, a, s);
	else if (refused == 0)
		report_say(r, "%s: delivered %llu of %llu%s%s", s->tracker,
		    done, done, colon, place);
	else
		report_say(r, "%s: delivered %llu of %llu, %llu rejected%s%s",
		    s->tracker, done, done + refused, refused, colon, place);
	for (size_t i = 0; i < s->note_len; i++)
		report_say(r, "%s: %s", s->tracker, s->notes[i]);
}

/* What is known of the run so far; says why where it can't be read. */
static void
read_values(struct report *r, const struct attempt *a, struct values *v)
{
	struct err err = ERR_INIT;

	if (values_read(v, a, VALUES_EXPERIMENTS_MAX, &err) < 0)
		report_say(
		    r, "not all of its values could be read: %s", err.message);
}

static void
say_attempt(struct report *r, const struct attempt *a, const struct values *v)
{
	struct delivery_status status;

	say_run(r, a, v);
	report_say_lines(r, attempt_remarks(a));
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &status);
		say_delivery(r, a, &status);
	}
	if (attempt_delivery_count(a) == 0) {
		char *next = what_next(a, "", NULL);

		report_say(r, "recorded, not delivered: %s", next);
		free(next);
	}
}

void
report_add(struct report *r, const struct attempt *a)
{
	struct values values;

	read_values(r, a, &values);
	if (!r->brief || totals_add(&r->totals, a, &values))
		say_attempt(r, a, &values);
	report_add_json(r, a, &values);
	values_release(&values);
	r->run_count++;
}

void
report_expect(struct report *r, size_t runs)
{
	r->brief = runs >= REPORT_MANY;
}

void
report_say_totals(struct report *r)
{
	struct buf line;

	if (!r->brief || r->totals.runs == 0)
		return;
	buf_init(&line, REPORT_MAX_BYTES);
	totals_line(&r->totals, &line);
	report_say_lines(r, line.data);
	buf_release(&line);
}

void
report_add_going_on(struct report *r, const struct attempt *a, pid_t writer)
{
	char *name = process_name(writer);
	struct values values;

	read_values(r, a, &values);
	say_run(r, a, &values);
	report_say_lines(r, attempt_remarks(a));
	report_say(r,
	    "the run is still being written, by process %d%s%s%s; itrack stays "
	    "with it until it ends (process %d; itrack status)",
	    (int)writer, name != NULL ? " (" : "", name != NULL ? name : "",
	    name != NULL ? ")" : "", (int)getpid());
	free(name);
	report_add_json(r, a, &values);
	values_release(&values);
	r->run_count++;
}
