/*
 * What a test says in a word. Too few pairs are not "no difference": where even the
 * clearest outcome, every pair changed the same way, could not have been told from
 * chance, there is not enough data.
 */
#ifndef STATS_VERDICT_H
#define STATS_VERDICT_H

#include <stddef.h>
#include <stdint.h>

/* How many false alarms in how many comparisons of equals. */
#define VERDICT_LEVEL 0.05

enum verdict {
	VERDICT_NOT_ENOUGH,
	VERDICT_UNCLEAR, /* chance alone may have made the difference */
	VERDICT_HIGHER,
	VERDICT_LOWER,
};

/* `p` is corrected (stats/holm.h) for as many `tests`; `pairs` made it. */
enum verdict verdict_of(
    double difference, double p, uint64_t pairs, size_t tests);

#endif
