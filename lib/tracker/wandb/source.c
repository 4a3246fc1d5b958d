#include "tracker/wandb/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
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

const struct wandb_source *
wandb_sources_put(struct wandb_sources *s, const char *name,
    const struct entry_artifact *artifact)
{
	struct wandb_source *source = find(s, name);

	if (source == NULL) {
		s->list = xreallocarray(s->list, s->len + 1, sizeof(*s->list));
		source = &s->list[s->len++];
		*source = (struct wandb_source){.name = xstrdup(name)};
	}
	free(source->path);
	source->path = text_path_bytes(artifact->path);
	source->size = artifact->size;
	source->mtime_ns = artifact->mtime_ns;
	source->inode = artifact->inode;
	return source;
}

void
wandb_sources_release(struct wandb_sources *s)
{
	size_t i;

	for (i = 0; i < s->len; i++) {
		free(s->list[i].name);
		free(s->list[i].path);
	}
	free(s->list);
	*s = (struct wandb_sources){0};
}

int
wandb_source_open(const struct wandb_source *source, struct err *err)
{
	struct stat st;
	int fd = file_open_regular(AT_FDCWD, source->path, &st, err);

	if (fd < 0)
		return fd;
	if (st.st_size == source->size &&
	    (uint64_t)st.st_ino == source->inode &&
	    clock_ns(&st.st_mtim) == source->mtime_ns)
		return fd;
	close(fd);
	return err_set(
	    err, -ESTALE, "%s has changed since it was recorded", source->path);
}
