/*
 * Run directories below some places, by their markers: the last way to find
 * what nobody told of. Near ones first; symbolic links and names with a dot are
 * left out, and so is what is below a run directory.
 *
 *	markers_init(&m, not_before_ns, found, data);
 *	markers_add(&m, place);         each place once
 *	markers_search(&m);
 *	if (m.passed) ...               a bound was passed
 *	m.unseen                        what could not be looked at
 *	markers_release(&m);
 */
#ifndef WRAP_WORKER_MARKERS_H
#define WRAP_WORKER_MARKERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wrap/worker/unseen.h"

/* Directories below each other: PROJECT/results/DATE/MODEL/... */
#define MARKERS_DEPTH_MAX 8
/* Names read in all: some 50 ms. */
#define MARKERS_NAMES_MAX 20000
/* Places; a sweep may have a working directory for each of its runs. */
#define MARKERS_PLACES_MAX 256

struct markers {
	void (*found)(const char *dir, void *data);
	void *data;
	struct markers_place {
		char *path;
		int depth;
	} * queue;
	size_t len, cap, places, names;
	bool passed;
	struct unseen unseen;
};

/* `not_before_ns`: the file time of the launch. */
void markers_init(struct markers *m, int64_t not_before_ns,
    void (*found)(const char *dir, void *data), void *data);
void markers_release(struct markers *m);
/* An absolute path; one that is there already is not added again. */
void markers_add(struct markers *m, const char *place);
void markers_search(struct markers *m);

#endif
