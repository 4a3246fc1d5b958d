/*
 * The report at the end says of each run how it went, then in a line for each
 * tracker that it was delivered and where to look, or what is missing, why, and
 * the command that finishes it. report_json.h has the same for programs, with all
 * metrics and params.
 */
#ifndef WRAP_ATTEMPT_REPORT_H
#define WRAP_ATTEMPT_REPORT_H

#include "base/buf.h"
#include "wrap/attempt/attempt.h"

/* The limit for the text and for the JSON; a run has a few lines. */
#define REPORT_MAX_BYTES (16 * 1024 * 1024)

/* More than there are. */
#define REPORT_TRACKERS_MAX 16

struct values;

struct report {
	struct buf text;
	struct buf json; /* the runs, each an object, comma separated */
	bool wants_json;
	/* Of many runs the text has those with something amiss, up to a limit,
	 * and the totals. */
	bool brief;
	struct report_totals {
		size_t runs, complete;
		size_t amiss, said; /* and so many of them in the text */
		size_t noted; /* complete, with notes that were not said */
		double records, success, total;
		struct report_share {
			const char *tracker; /* of tracker_find(): static */
			size_t delivered, pending;
			uint64_t rejected;
		} shares[REPORT_TRACKERS_MAX];
		size_t share_len;
	} totals;
	size_t run_count;
};

/* So many runs are to come; from REPORT_MANY on the report is brief. */
#define REPORT_MANY 11
void report_expect(struct report *r, size_t runs);
/* Says the totals of a brief report, behind all runs. */
void report_say_totals(struct report *r);

/* With --report among the options the JSON is made, too. */
void report_init(struct report *r, const struct options *options);
void report_release(struct report *r);

/* What the report calls the run. Allocated. */
char *report_name(const struct attempt *a);
/* Appends how a run went: its name, its status, its numbers. */
void report_headline(
    struct buf *line, const struct attempt *a, const struct values *v);

/* Notes what became of an attempt, before it is closed. */
void report_add(struct report *r, const struct attempt *a);

/* As report_add, for an attempt that `writer` (0: not known) still writes when
 * the command is over. */
void report_add_going_on(
    struct report *r, const struct attempt *a, pid_t writer);

/* Adds a line of its own ("itrack: ..."), escaped. */
void report_say(struct report *r, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Adds each line of a text of several lines. */
void report_say_lines(struct report *r, const char *lines);

#endif
