/*
 * Decides which files of a run are tracked as artifacts, and keeps copies of
 * them until every tracker has them. They are taken when the manifest
 * appears, and once more when the writer has ended. A file that was taken is
 * delivered, whatever happens to the directory.
 *
 *	settle_init(&s, &config);
 *	settle_take(&s, dir_fd);          any number of times
 *	settle_emit(&s, dir_text, ...);   once: the ARTIFACT entries
 *	settle_release(&s);
 */
#ifndef WATCHER_ARTIFACTS_H
#define WATCHER_ARTIFACTS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "journal/entry.h"

/* The choice of files that --artifacts makes. */
enum artifact_choice { ARTIFACTS_ALL, ARTIFACTS_SAFE, ARTIFACTS_NONE };

/* "all", "safe", "none"; anything else is all. */
enum artifact_choice artifact_choice_of(const char *word);

#define SETTLE_FILES 6
/* The limit for all kept files of a run; the records are kept last. A file
 * beyond the limit is read where it lies. */
#define SETTLE_KEEP_BYTES (INT64_C(64) * 1024 * 1024)

/* The kept copy of a file. */
struct settle_kept {
	char *name; /* allocated; NULL: not kept, read where it lies */
	int64_t bytes;
};

struct settle_config {
	enum artifact_choice choice;
	/* Keeps what the open file holds, in place of what was kept under this
	 * number (from 1). 0; -ENOTSUP: nothing can be kept; another negative
	 * errno. NULL: nothing is kept. */
	int (*keep)(const char *name, int number, int fd,
	    struct settle_kept *kept, struct err *err, void *data);
	void (*emit)(struct entry *e, void *data);
	/* Called for a file that can't be taken; `why` gives the reason. */
	void (*refused)(const char *name, const char *why, void *data);
	void *data;
};

struct settle {
	struct settle_config config;
	struct settle_file {
		bool there;
		dev_t device;
		ino_t inode;
		mode_t mode;
		int64_t size, mtime_ns, ctime_ns;
		struct settle_kept kept;
		int held; /* what its writer opened; see settle_held() */
	} files[SETTLE_FILES];
};

void settle_init(struct settle *s, const struct settle_config *config);
void settle_release(struct settle *s);

/* Takes the files that are in the directory now and are new or have changed.
 * One whose name is gone is taken from what is held of it, else stays as it was
 * taken; one that is no regular file is refused. Returns 0, or a negative errno
 * if a file could not be looked at and was not taken before; it is refused. */
int settle_take(struct settle *s, int dir_fd);
/* Holds a file of the run, `fd` borrowed, for the time when its name is gone.
 * One of another name is left alone. */
void settle_hold(struct settle *s, const char *name, int fd);
/* What is held; 0: nothing; a negative errno: it could not be held. */
int settle_held(const struct settle *s, const char *name);
/* Gives back what is held: they are the last names. */
void settle_let_go(struct settle *s);

/* Emits an ARTIFACT entry for each file that was taken, in insideLLMs' order.
 * `dir_text` is the present path of the directory, as text; NULL: it has none,
 * and files that were not kept are refused. */
void settle_emit(struct settle *s, const char *dir_text, int64_t time_us);

#endif
