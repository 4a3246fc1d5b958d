/*
 * Which record of one run answers the same question as which of another.
 *
 * Records are matched within a slice, the records of one model and probe, by
 * insideLLMs' replicate key, and those that find no partner so, by their example. The
 * key holds the model, so where each run has one model and the two differ, a slice is
 * a probe, and records are matched by their example. A key or example that stands
 * more than once in a slice counts in the order of its records. A pair whose questions
 * differ is none.
 *
 *	match_runs(&match, &base, &now);
 *	... match.slices[i].pairs[k].base ...
 *	match_release(&match);
 */
#ifndef WRAP_ITRACK_COMPARE_MATCH_H
#define WRAP_ITRACK_COMPARE_MATCH_H

#include "wrap/itrack/compare/run.h"

struct match_pair {
	const struct run_case *base, *now;
};

/* Its names are those of the runs' experiments. */
struct match_slice {
	const char *base_model, *model; /* NULL: that run has no such records */
	const char *probe;
	struct match_pair *pairs; /* in the order of the base's records */
	size_t len;
	size_t by_key;              /* of them matched by the replicate key */
	size_t only_base, only_now; /* without a partner */
	size_t changed;             /* in both, with different questions */
	size_t repeated;            /* pairs whose example an earlier one has */
};

struct match {
	bool across_models;
	struct match_slice *slices; /* in the order of the base's records */
	size_t len;
	size_t pairs, by_key, only_base, only_now, changed, repeated; /* sums */
	size_t base_apart, now_apart; /* records in no experiment */
};

/* The runs must outlive the result. */
void match_runs(
    struct match *match, const struct run *base, const struct run *now);
void match_release(struct match *match);

#endif
