/*
 * The report at the end has one line on what was seen and one for each tracker:
 * what was delivered and where to look, or what is pending, why, and how to
 * finish it. --report writes the same as JSON.
 */
#ifndef WRAP_ATTEMPT_REPORT_H
#define WRAP_ATTEMPT_REPORT_H

#include "base/buf.h"
#include "wrap/attempt/attempt.h"

#define REPORT_VERSION 1
/* The limit for the text and for the JSON; a run has a few lines. */
#define REPORT_MAX_BYTES (16 * 1024 * 1024)

struct report {
	struct buf text;
	struct buf json; /* the runs, each an object, comma separated */
	size_t run_count;
};

void report_init(struct report *r);
void report_release(struct report *r);

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

/* Writes the JSON form to `path` (temp file and rename):
 * {"version":1,"runs":[...]}. */
int report_write(const struct report *r, const char *path, struct err *err);

#endif
