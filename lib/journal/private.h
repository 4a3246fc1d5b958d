/* What the files of this folder share. */
#ifndef JOURNAL_PRIVATE_H
#define JOURNAL_PRIVATE_H

#include <sys/stat.h>

#include "journal/journal.h"

#define JOURNAL_FILE  "journal.jsonl"
#define FOLLOWER_LOCK "follower.lock"
#define CURSOR_PREFIX "cursor."

struct journal {
	char *attempt;
	char *path;       /* the attempt's directory; NULL: never had one */
	int dir_fd;       /* -1: memory from the start */
	int fd;           /* journal.jsonl, or the memory */
	int old_fd;       /* the file that was left for memory, or -1 */
	int64_t old_size; /* of that file: where a later process goes on */
	int lock_fd;      /* follower.lock, if it is held; or -1 */
	bool in_memory;
	bool unsynced;
	bool gathers;  /* what is kept is synced before the next flush */
	bool unkept;   /* some of it was not yet */
	bool unnamed;  /* its folder's names may not be on the disk yet */
	bool unplaced; /* nor the folder's own name */
	bool removed;  /* what a cursor says is of no use any more */
	int64_t size;
	struct buf held; /* appended, not yet written */
};

struct journal *journal_alloc(const char *attempt);
/* Opens (and, with O_CREAT, makes) the attempt's directory and file. */
int journal_open_files(
    struct journal *j, const char *state_dir, int flags, struct err *err);
/* From now on the journal has a file in memory. */
void journal_use_memory(struct journal *j);
/* Was it changed so lately that it may be its maker's alone (JOURNAL_NEWBORN_S)? */
bool journal_is_young(const struct stat *st);
/* Takes the writer's lock, by this descriptor of the journal. -EBUSY: another process
 * has it. */
int journal_lock(const struct journal *j, int fd, struct err *err);
/* The same for a journal that another process made. -EBUSY: it may be about to. */
int journal_lock_of_another(const struct journal *j, struct err *err);
/* Takes the follower's lock. `flags`: O_CREAT to make the file, 0 to take it where it
 * exists. */
int journal_lock_follower(struct journal *j, int flags, struct err *err);
/* Opens follower.lock. Returns the descriptor. */
int journal_open_follower_lock(
    const struct journal *j, int flags, struct err *err);
/* -ENOENT: the journal was delivered and removed meanwhile. */
int journal_check_there(const struct journal *j, struct err *err);
/* A kill can cut a write anywhere: finds the end of the last whole line. */
int journal_find_end(const struct journal *j, off_t *at, struct err *err);
/* Cuts a torn last line off. */
int journal_cut_tail(struct journal *j, struct err *err);

#endif
