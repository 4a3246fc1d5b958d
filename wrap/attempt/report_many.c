#include "wrap/attempt/report_many.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "wrap/attempt/result_line.h"

/* So many runs with something amiss are named: others have the same most of the
 * time. */
#define NAMED_MAX 10

static struct report_share *
share_of(struct report_totals *t, const char *tracker)
{
	for (size_t i = 0; i < t->share_len; i++)
		if (strcmp(t->shares[i].tracker, tracker) == 0)
			return &t->shares[i];
	if (t->share_len == REPORT_TRACKERS_MAX)
		return NULL;
	t->shares[t->share_len].tracker = tracker_find(tracker)->about->name;
	return &t->shares[t->share_len++];
}

static void
add_values(struct report_totals *t, const struct attempt *a,
    const struct values *values)
{
	const char *prefix = attempt_start(a)->prefix;
	char *total = xasprintf("%stotal_count", prefix);
	char *success = xasprintf("%ssuccess_count", prefix);
	double value;

	if (values_metric(values, "record_count", &value))
		t->records += value;
	if (values_metric(values, total, &value))
		t->total += value;
	if (values_metric(values, success, &value))
		t->success += value;
	free(success);
	free(total);
}

static bool
passed_limits(const struct watcher *w)
{
	struct buf line;
	bool passed;

	buf_init(&line, REPORT_MAX_BYTES);
	passed = derive_limits_passed(watcher_derive(w), &line);
	buf_release(&line);
	return passed;
}

static bool
has_defects(const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);

	return attempt_remarks(a)[0] != '\0' ||
	    (w != NULL &&
		(watcher_remarks(w)[0] != '\0' || watcher_is_short(w) ||
		    derive_mapping(watcher_derive(w))->malformed_lines > 0 ||
		    passed_limits(w)));
}

bool
totals_add(struct report_totals *t, const struct attempt *a,
    const struct values *values)
{
	bool complete = attempt_is_complete(a), noted = false;
	struct delivery_status s;
	struct report_share *share;

	t->runs++;
	t->complete += complete;
	add_values(t, a, values);
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &s);
		share = share_of(t, s.tracker);
		noted = noted || s.note_len > 0;
		if (share == NULL)
			continue;
		share->delivered += s.state == DELIVERY_FINISHED;
		share->pending += s.state != DELIVERY_FINISHED;
		share->rejected += s.rejected;
	}
	if (complete && !has_defects(a)) {
		t->noted += noted;
		return false;
	}
	t->amiss++;
	if (t->said == NAMED_MAX)
		return false;
	t->said++;
	return true;
}

static void
add_share(const struct report_share *share, struct buf *line)
{
	buf_addf(line, "%s: %zu delivered", share->tracker, share->delivered);
	if (share->pending > 0)
		buf_addf(line, ", %zu pending", share->pending);
	if (share->rejected > 0)
		buf_addf(line, ", %llu entries rejected",
		    (unsigned long long)share->rejected);
	buf_addc(line, '\n');
}

void
totals_line(const struct report_totals *t, struct buf *line)
{
	result_count(line, (double)t->runs, "run");
	buf_adds(line, ", ");
	result_count(line, t->records, "record");
	if (t->total > 0)
		result_rate(line, t->success, t->total);
	buf_addc(line, '\n');
	for (size_t i = 0; i < t->share_len; i++)
		add_share(&t->shares[i], line);
	if (t->share_len == 0)
		buf_adds(line, "recorded, not delivered: itrack sync\n");
	if (t->amiss > t->said)
		buf_addf(line,
		    "%zu more like these are not named here (itrack status, or "
		    "--report FILE)\n",
		    t->amiss - t->said);
	if (t->noted > 0)
		buf_addf(line,
		    "%zu of the runs have notes (--report FILE has them)\n",
		    t->noted);
	if (t->complete < t->runs)
		buf_adds(line, "to finish: itrack sync\n");
}
