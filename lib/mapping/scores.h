/*
 * Numbers that records hold beyond the mapping: the members of `scores` and
 * `usage`, summed by name over the run and over each experiment, and the
 * records of each `error_type`, counted.
 *
 *	numbers_init(&names, "scores/", NUMBERS_NAMES_MAX);
 *	numbers_read(&names, &record.scores);   the names and values of a record
 *	numbers_mark(&names, &record.error_type);   or one name with the value 1
 *	sums_add(&sums, &names);                to as many sums as need them
 *	... names.keys[i], sums.list[i].sum, sum_mean(&sums.list[i]) ...
 */
#ifndef MAPPING_SCORES_H
#define MAPPING_SCORES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format/jsonscan.h"
#include "mapping/limits.h"

struct numbers {
	const char *prefix;
	char *keys[NUMBERS_NAMES_MAX]; /* prefix + name, as first met */
	size_t len, max;
	uint64_t left_out; /* values */
	/* of the record read last */
	double values[NUMBERS_NAMES_MAX];
	bool present[NUMBERS_NAMES_MAX];
	bool any;
};

struct sum {
	double sum;
	double small; /* the sum of the values times SUM_SMALL */
	uint64_t count;
};

/* A power of two: it rounds nothing, but for numbers that huge ones swallow. No
 * count of doubles that are so much smaller has an infinite sum. */
#define SUM_SMALL 0x1p-64

/* Sums and counts, at the same indexes as the numbers. */
struct sums {
	struct sum *list;
	size_t len;
};

/* `prefix` is borrowed; max: how many names are taken. */
void numbers_init(struct numbers *n, const char *prefix, size_t max);
void numbers_release(struct numbers *n);

/* Takes the finite numbers of an object; anything else has none. Booleans are
 * no numbers. With duplicate keys the last value stands. */
void numbers_read(struct numbers *n, const struct json_span *object);

/* Takes a text as the one name of the record, with the value 1; an empty text
 * and anything else is none. */
void numbers_mark(struct numbers *n, const struct json_span *text);

/* A zeroed struct sum is empty. */
void sum_add(struct sum *s, double value);
/* The sum by the count, and a finite number where the sum of huge values is none.
 * NaN: there is no value. */
double sum_mean(const struct sum *s);

/* A zeroed struct sums is empty. */
void sums_add(struct sums *s, const struct numbers *n);
void sums_release(struct sums *s);

#endif
