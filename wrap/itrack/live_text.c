#include "wrap/itrack/live_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "format/text.h"
#include "mapping/rule_values.h"
#include "wrap/attempt/result_line.h"

#define LINE_MAX_BYTES 16384
#define BAR            20
#define SCORES_SHOWN   3
#define MINUTES_FROM_S 90
#define HOURS_FROM_S   5400

static void
add_left(struct buf *line, double seconds)
{
	if (seconds < MINUTES_FROM_S)
		buf_addf(line, ", %.0f s left", seconds);
	else if (seconds < HOURS_FROM_S)
		buf_addf(line, ", %.0f min left", seconds / 60);
	else
		buf_addf(line, ", %.1f h left", seconds / 3600);
}

/* Does the locale say that the terminal shows more than ASCII? */
static bool
is_utf8(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		const char *value = getenv(names[i]);

		if (value != NULL && value[0] != '\0')
			return strcasestr(value, "utf-8") != NULL ||
			    strcasestr(value, "utf8") != NULL;
	}
	return false;
}

static void
add_bar(struct buf *line, double part)
{
	int full = (int)(part * BAR);

	for (int i = 0; i < BAR; i++)
		buf_adds(line,
		    is_utf8() ? (i < full ? "█" : "░")
			      : (i < full ? "#" : "-"));
	buf_addf(line, " %3.0f %%  ", floor(100 * part));
}

void
live_count(struct buf *line, const struct scene *s, bool bar)
{
	double part;

	if (s->total >= s->records && s->total > 0) {
		part = (double)s->records / (double)s->total;
		if (bar)
			add_bar(line, part);
		buf_addf(line, "%lld of %lld records", (long long)s->records,
		    (long long)s->total);
	} else {
		result_count(line, (double)s->records, "record");
	}
	if (s->rate <= 0)
		return;
	buf_addf(line, ", %.*f a second", s->rate < 10 ? 1 : 0, s->rate);
	if (s->total > s->records)
		add_left(line, (double)(s->total - s->records) / s->rate);
}

bool
live_results(struct buf *line, const struct scene *s)
{
	double total = 0, success = 0, errors = 0, timeouts = 0, value;
	const char *name;
	struct buf rate;

	if (s->derive == NULL || s->records == 0)
		return false;
	rule_values_get(s->derive, "total_count", &total);
	rule_values_get(s->derive, "success_count", &success);
	rule_values_get(s->derive, "error_count", &errors);
	rule_values_get(s->derive, "timeout_count", &timeouts);
	if (total <= 0)
		return false;
	buf_init(&rate, LINE_MAX_BYTES);
	result_rate(&rate, success, total);
	/* It is made for a place behind others. */
	buf_adds(line, rate.data + strspn(rate.data, ", "));
	buf_release(&rate);
	if (errors + timeouts > 0) {
		buf_adds(line, ", ");
		result_count(line, errors + timeouts, "error");
	}
	for (size_t i = 0; i < SCORES_SHOWN &&
	     (name = rule_values_score(s->derive, i, &value)) != NULL;
	     i++) {
		buf_adds(line, ", ");
		text_escape(line, name);
		buf_addf(line, " %.4g", value);
	}
	return true;
}

bool
live_trackers(struct buf *line, const struct scene *s)
{
	struct delivery_status d;
	bool amiss = false;

	for (size_t i = 0; i < attempt_delivery_count(s->attempt); i++) {
		attempt_delivery_status(s->attempt, i, &d);
		buf_addf(line, "%s%s %llu", i > 0 ? "   " : "", d.tracker,
		    (unsigned long long)d.delivered);
		if (d.pending > 0)
			buf_addf(line, ", %llu to go",
			    (unsigned long long)d.pending);
		if (d.rejected > 0)
			buf_addf(line, ", %llu rejected",
			    (unsigned long long)d.rejected);
		if (d.why[0] != '\0') {
			buf_adds(line, ": ");
			text_escape(line, d.why);
		}
		amiss |= d.why[0] != '\0' || d.rejected > 0;
	}
	return amiss;
}
