/* What journal.c, journal_reader.c and cursor.c share. */
#ifndef RUN_JOURNAL_PRIVATE_H
#define RUN_JOURNAL_PRIVATE_H

#include "run/journal.h"

#define JOURNAL_FILE  "journal.jsonl"
#define FOLLOWER_LOCK "follower.lock"

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
	int64_t size;
	struct buf held; /* appended, not yet written */
};

char *journal_directory(const char *state_dir, const char *attempt);
void journal_remove_cursors(struct journal *j);

#endif
