/*
 * The files of a run that are tracked as artifacts, once they are final: after
 * the writer has ended.
 */
#ifndef WATCHER_ARTIFACTS_H
#define WATCHER_ARTIFACTS_H

#include <stdint.h>

#include "journal/entry.h"

/* Which files: --artifacts. */
enum artifact_choice { ARTIFACTS_ALL, ARTIFACTS_SAFE, ARTIFACTS_NONE };

/* "all", "safe", "none"; anything else is all. */
enum artifact_choice artifact_choice_of(const char *word);

/* Calls `emit` with an ARTIFACT entry for each file of the run that is there
 * and regular, in insideLLMs' order. `dir_text` is the run directory as text;
 * `dir_fd` the directory itself. A file that is something else (a symbolic
 * link, a FIFO) is told to `refused` by name. */
void settle(int dir_fd, const char *dir_text, enum artifact_choice choice,
    int64_t time_us, void (*emit)(struct entry *e, void *data),
    void (*refused)(const char *name, const char *why, void *data), void *data);

#endif
