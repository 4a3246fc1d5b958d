/*
 * The local tracker: a directory with the five JSON files and the artifacts/ of
 * insideLLMs' LocalFileTracker, in the same bytes, but valid JSON at every
 * moment: metrics.json, params.json and artifacts.json are there while the run
 * goes on, final_state.json when all of them are complete. NaN and infinities
 * stand as the strings "NaN", "Infinity", "-Infinity".
 */
#ifndef TRACKER_LOCAL_H
#define TRACKER_LOCAL_H

#include "tracker/tracker.h"

extern const struct tracker_ops local_ops;

#endif
