/*
 * Walks through the folders below some places and knows run directories by their
 * markers: the last way to find what nobody told of. Near ones first; symbolic links
 * and names with a dot are left out, and so is what is below a run directory.
 *
 *	walk_init(&m, not_before_ns, found, data);
 *	walk_add(&m, place);            each place once
 *	walk_search(&m);
 *	if (m.passed) ...               a bound was passed
 *	m.unseen                        what could not be looked at
 *	walk_release(&m);
 */
#ifndef WRAP_WORKER_SEARCH_WALK_H
#define WRAP_WORKER_SEARCH_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wrap/worker/search/blind_spots.h"

/* Directories below each other: PROJECT/results/DATE/MODEL/... */
#define WALK_DEPTH_MAX 8
/* Names read in all: some 50 ms. */
#define WALK_NAMES_MAX 20000
/* Places; a sweep may have a working directory for each of its runs. */
#define WALK_PLACES_MAX 256

struct walk {
	void (*found)(const char *dir, void *data);
	void *data;
	struct walk_place {
		char *path;
		int depth;
	} * queue;
	size_t len, cap, places, names;
	bool passed;
	struct blind_spots unseen;
};

/* `not_before_ns`: the file time of the launch. */
void walk_init(struct walk *m, int64_t not_before_ns,
    void (*found)(const char *dir, void *data), void *data);
void walk_release(struct walk *m);
/* An absolute path; one that is there already is not added again. */
void walk_add(struct walk *m, const char *place);
void walk_search(struct walk *m);

#endif
