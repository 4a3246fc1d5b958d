#include "journal/dir_table.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"

struct found {
	uint32_t *ids;
	size_t len;
};

void
dir_table_release(struct dir_table *d)
{
	multimap_release(&d->inodes);
	multimap_release(&d->paths);
	multimap_release(&d->names);
}

void
dir_table_add(
    struct dir_table *d, uint32_t id, int64_t inode, const char *run_dir)
{
	multimap_add(&d->inodes, (uint64_t)inode, id);
	multimap_add(&d->paths, multimap_hash(run_dir), id);
	multimap_add(&d->names, multimap_hash(path_base(run_dir)), id);
}

void
dir_table_remove(
    struct dir_table *d, uint32_t id, int64_t inode, const char *run_dir)
{
	multimap_remove(&d->inodes, (uint64_t)inode, id);
	multimap_remove(&d->paths, multimap_hash(run_dir), id);
	multimap_remove(&d->names, multimap_hash(path_base(run_dir)), id);
}

static void
add_found(struct found *found, uint32_t id)
{
	found->ids =
	    xreallocarray(found->ids, found->len + 1, sizeof *found->ids);
	found->ids[found->len++] = id;
}

static void
find_all(struct found *found, const struct multimap *m, uint64_t key)
{
	for (uint32_t at = multimap_find(m, key); at != 0;
	     at = multimap_next(m, at))
		add_found(found, multimap_value(m, at));
}

/* Where does its path lead now? False: that could not be looked at. */
static bool
look(struct dir_table *d, uint32_t id, const char *text)
{
	char *path = text_path_bytes(text);
	struct stat st;
	int there = file_look(AT_FDCWD, path, 0, &st, NULL);

	free(path);
	if (there > 0)
		multimap_add(&d->inodes, (uint64_t)st.st_ino, id);
	return there >= 0;
}

/* Those that could not be looked at may be of the directory, and are looked at
 * again the next time. */
static void
look_at_names(struct dir_table *d, const char *name,
    char *(*path_of)(uint32_t id, void *data), void *data, struct found *found)
{
	uint64_t key = multimap_hash(name);
	struct found named = {0};

	find_all(&named, &d->names, key);
	for (size_t i = 0; i < named.len; i++) {
		char *path = path_of(named.ids[i], data);

		if (path == NULL || look(d, named.ids[i], path))
			multimap_remove(&d->names, key, named.ids[i]);
		else
			add_found(found, named.ids[i]);
		free(path);
	}
	free(named.ids);
}

static int
compare_ids(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

size_t
dir_table_find(struct dir_table *d, const struct directory_now *now,
    char *(*path_of)(uint32_t id, void *data), void *data, uint32_t **ids)
{
	struct found found = {0};
	size_t len = 0;

	look_at_names(d, path_base(now->real), path_of, data, &found);
	find_all(&found, &d->inodes, (uint64_t)now->inode);
	find_all(&found, &d->paths, multimap_hash(now->real));
	find_all(&found, &d->paths, multimap_hash(now->path));
	if (found.len > 0)
		qsort(found.ids, found.len, sizeof *found.ids, compare_ids);
	for (size_t i = 0; i < found.len; i++)
		if (i == 0 || found.ids[i] != found.ids[i - 1])
			found.ids[len++] = found.ids[i];
	*ids = found.ids;
	return len;
}
