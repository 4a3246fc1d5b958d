/*
 * The places that the arguments of programs name: run directories, and folders
 * in which runs are made. Each is looked at and watched (candidate.h).
 *
 *	places_add(&p, path, is_root, &config);    each path once
 *	places_look(&p);                looks now
 *	name = places_name(&p, dir);    what the arguments call a directory
 *	places_release(&p);
 */
#ifndef WRAP_WORKER_SEARCH_PLACES_H
#define WRAP_WORKER_SEARCH_PLACES_H

#include <stdbool.h>
#include <stddef.h>

#include "wrap/worker/search/candidate.h"

/* Each place has an inotify watch. */
#define PLACES_MAX 64

struct places {
	struct places_one {
		char *path;
		bool is_root;
		struct candidate *find;
	} list[PLACES_MAX];
	size_t len;
	bool passed; /* there were more */
};

/* `config` says all but the path. Returns false if the path is there already, or
 * if there are too many. */
bool places_add(struct places *p, const char *path, bool is_root,
    const struct candidate_config *config);
void places_release(struct places *p);

/* Returns the directory's name as a place has it (called.h), or NULL. To be freed. */
char *places_name(const struct places *p, const char *dir);

void places_look(const struct places *p);
void places_tell_unseen(const struct places *p, struct blind_spots *all);

#endif
