/*
 * A directory that may be the command's run, or a folder in which one may appear:
 * watches it by inotify and decides whether what is there counts. The place comes
 * from --run-dir, else from the command's arguments and environment, where the
 * program is static, has no environment, or --no-preload was given.
 *
 * A directory found so counts only if its files changed after the launch, and a
 * process below the command has its records open or nobody has: a shared root
 * holds other people's runs. Into processes of other users we can't look. So where
 * no process of ours has the records open, and nobody named the directory, its
 * owner must be a user of the command or the owner of the folder (some file systems
 * give all files one).
 */
#ifndef WRAP_WORKER_SEARCH_CANDIDATE_H
#define WRAP_WORKER_SEARCH_CANDIDATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "wrap/worker/search/guess.h"
#include "watcher/inotify.h"
#include "wrap/worker/search/blind_spots.h"

struct candidate;

struct candidate_config {
	struct inotify *inotify;
	const char *dir;  /* bytes, absolute: this one or */
	const char *root; /* one in here; both NULL: nothing is looked for */
	/* The process that may be the writer; 0: none. */
	pid_t command;
	/* The arguments of that process are those of insideLLMs: as long as it
	 * has no children it is the writer itself. */
	bool direct;
	int64_t not_before_ns; /* file times of the command's own files */
	/* Is it a process of the command? */
	bool (*ours)(pid_t pid, void *data);
	/* Does the command have processes of this user? */
	bool (*user)(uid_t user, void *data);
	/* Was this directory found before? Then no process is looked at. */
	bool (*known)(const char *dir, void *data);
	/* A directory of this command; `writer` 0: not known. */
	void (*found)(const char *dir, pid_t writer, void *data);
	void *data;
};

/* Looks once and goes on looking. Texts are copied. */
struct candidate *candidate_new(const struct candidate_config *config);
void candidate_free(struct candidate *f);
/* Looks now: at the end of the command. */
void candidate_look(struct candidate *f);
/* Adds what the last look could not see. */
void candidate_tell_unseen(const struct candidate *f, struct blind_spots *all);
/* Looks once at these directories. */
void candidate_among(const struct candidate_config *config, char *const *dirs,
    size_t count, struct blind_spots *unseen);

#endif
