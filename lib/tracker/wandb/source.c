#include "tracker/wandb/source.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"

static struct wandb_source *
find(const struct wandb_sources *s, const char *name)
{
	size_t i;

	for (i = 0; i < s->len; i++)
		if (strcmp(s->list[i].name, name) == 0)
			return &s->list[i];
	return NULL;
}

const struct wandb_source *
wandb_sources_find(const struct wandb_sources *s, const char *name)
{
	return find(s, name);
}

static void
release_file(struct wandb_source *source)
{
	free(source->path);
	free(source->place);
	free(source->file.path);
	free(source->file.kept);
}

const struct wandb_source *
wandb_sources_put(struct wandb_sources *s, const char *name,
    const struct entry_artifact *artifact, const char *place)
{
	struct wandb_source *source = find(s, name);

	if (source == NULL) {
		s->list = xreallocarray(s->list, s->len + 1, sizeof(*s->list));
		source = &s->list[s->len++];
		*source = (struct wandb_source){.name = xstrdup(name)};
	}
	release_file(source);
	source->path = text_path_bytes(artifact->path);
	source->place = place != NULL ? xstrdup(place) : NULL;
	source->file = *artifact;
	source->file.name = source->file.type = NULL;
	source->file.path = xstrdup(artifact->path);
	source->file.kept =
	    artifact->kept != NULL ? xstrdup(artifact->kept) : NULL;
	return source;
}

bool
wandb_sources_have_place(const struct wandb_sources *s, const char *place)
{
	for (size_t i = 0; i < s->len; i++)
		if (s->list[i].place != NULL &&
		    strcmp(s->list[i].place, place) == 0)
			return true;
	return false;
}

void
wandb_sources_release(struct wandb_sources *s)
{
	size_t i;

	for (i = 0; i < s->len; i++) {
		free(s->list[i].name);
		release_file(&s->list[i]);
	}
	free(s->list);
	*s = (struct wandb_sources){0};
}
