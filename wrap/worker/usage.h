/*
 * What the command and the processes below it take of the machine, by /proc:
 * processor time, memory, bytes read from and written to disks.
 *
 *	usage_read(&now, &descendants);
 *	usage_between(&values, &before, &now);   or usage_of_child() at the end
 *	... values.list[0 .. values.len - 1] ...
 *
 * The names are those that MLflow has, as far as it has some.
 */
#ifndef WRAP_WORKER_USAGE_H
#define WRAP_WORKER_USAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "journal/entry.h"
#include "wrap/worker/search/descendants.h"

/* Sums over the processes. A process that has ended and was waited for counts
 * with the one that waited, as the kernel has it. */
struct usage {
	int64_t mono_ms;
	size_t processes; /* that could be read */
	double cpu_seconds;
	uint64_t memory_bytes; /* resident; shared pages count for each */
	bool has_io;           /* of one of them at least */
	uint64_t read_bytes, written_bytes;
};

#define USAGE_VALUES_MAX 5

struct usage_values {
	struct metric list[USAGE_VALUES_MAX]; /* names are constants */
	size_t len;
};

/* Reads the processes that were there when `d` was read last. */
void usage_read(struct usage *u, const struct descendants *d);

/* The share of all processors is of the time between; the rest is of `now`. */
void usage_between(struct usage_values *values, const struct usage *before,
    const struct usage *now);
/* Of a child that has ended, over all its time: memory is the most that one of
 * its processes had. */
void usage_of_child(
    struct usage_values *values, const struct rusage *usage, double seconds);

#endif
