/*
 * The number behind a run's name, <run ID>-2: the first that is free, or the attempt's
 * already, in the directories of all of its trackers. They bear the same number, so
 * that a run has one name everywhere.
 *
 *	place_set_open(&p, t, root, run, run_id, &err);
 *	number = place_set_take_number(&p, &err);
 *	place_set_release(&p);
 */
#ifndef TRACKER_COMMON_PLACE_NUMBER_H
#define TRACKER_COMMON_PLACE_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "tracker/tracker.h"

/* Trackers that write into a directory of a run of their own. */
#define PLACE_SET_MAX 8

/* The directories of an attempt, one for each of its trackers that has one. */
struct place_set {
	struct place {
		char *path; /* without the number */
		int parent; /* the folder that it is in */
		bool own;   /* of the tracker that asks */
		bool made;  /* now */
	} list[PLACE_SET_MAX];
	size_t len;
	const char *attempt;
	uint64_t key; /* of these folders (number_cache.h) */
};

/* `root`: that of the tracker itself. What another tracker of ours can't make is
 * that one's to tell. To be released also where it fails. */
int place_set_open(struct place_set *p, const struct tracker *t,
    const char *root, const struct run_info *run, const char *run_id,
    struct err *err);
void place_set_release(struct place_set *p);
/* The attempt's number, with its directories made; a negative errno. */
int place_set_take_number(struct place_set *p, struct err *err);

/* The name with its number, 1: the name itself. Allocated. */
char *place_numbered(const char *name, int number);

#endif
