/*
 * Which of thousands of attempts may be of one run directory? Tells by the
 * inode that an attempt has recorded and by its path, from tables in memory.
 *
 *	struct dir_table d = {0};
 *	dir_table_add(&d, id, inode, run_dir);
 *	len = dir_table_find(&d, &which, path_of, data, &ids);
 *
 * A path that leads to the directory by another way (a link) is known by the
 * inode that it leads to now. That is looked at when a directory with the same
 * last part of the name is asked for, and once for each path: the answer to
 * thousands of directories with one name costs one look at each.
 */
#ifndef JOURNAL_DIR_TABLE_H
#define JOURNAL_DIR_TABLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/multimap.h"

struct dir_table {
	struct multimap inodes, paths, names;
};

/* A directory that is there now. Texts (format/text.h), and absolute. */
struct directory_now {
	int64_t inode;
	const char *path; /* as it was named */
	const char *real; /* without links */
};

void dir_table_release(struct dir_table *d);

/* `run_dir`: text. One that was removed may still be found, by an inode to which
 * its path has led. */
void dir_table_add(
    struct dir_table *d, uint32_t id, int64_t inode, const char *run_dir);
void dir_table_remove(
    struct dir_table *d, uint32_t id, int64_t inode, const char *run_dir);

/* The attempts that may be of the directory, each once, in rising order: an
 * allocated array and its length. `path_of` gives the run_dir of an attempt,
 * allocated, or NULL. Whoever asks compares them himself: there may be others
 * among them. */
size_t dir_table_find(struct dir_table *d, const struct directory_now *now,
    char *(*path_of)(uint32_t id, void *data), void *data, uint32_t **ids);

#endif
