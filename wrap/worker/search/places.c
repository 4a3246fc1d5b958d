#include "wrap/worker/search/places.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "wrap/worker/called.h"

bool
places_add(struct places *p, const char *path, bool is_root,
    const struct candidate_config *config)
{
	struct candidate_config own = *config;
	struct places_one *place;

	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->list[i].path, path) == 0)
			return false;
	if (p->len == PLACES_MAX) {
		p->passed = true;
		return false;
	}
	own.dir = is_root ? NULL : path;
	own.root = is_root ? path : NULL;
	place = &p->list[p->len++];
	place->path = xstrdup(path);
	place->is_root = is_root;
	place->find = candidate_new(&own);
	return true;
}

void
places_release(struct places *p)
{
	for (size_t i = 0; i < p->len; i++) {
		candidate_free(p->list[i].find);
		free(p->list[i].path);
	}
	*p = (struct places){0};
}

char *
places_name(const struct places *p, const char *dir)
{
	struct watcher_identity identity;
	char *name = NULL;

	if (watcher_identify(dir, &identity, NULL) < 0)
		return NULL;
	for (size_t i = 0; i < p->len && name == NULL; i++)
		name = called_as(
		    p->list[i].path, p->list[i].is_root, &identity, dir);
	return name;
}

void
places_look(const struct places *p)
{
	for (size_t i = 0; i < p->len; i++)
		candidate_look(p->list[i].find);
}

void
places_tell_unseen(const struct places *p, struct blind_spots *all)
{
	for (size_t i = 0; i < p->len; i++)
		candidate_tell_unseen(p->list[i].find, all);
}
