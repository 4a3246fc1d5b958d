/*
 * Tells a process that asks again and again which names came to runs/ and which
 * left it, so that it need not list thousands each time. A list that is asked
 * for seldom is made anew: inotify has few instances for each user.
 */
#ifndef JOURNAL_CHANGES_H
#define JOURNAL_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

struct changes {
	int fd; /* of inotify; 0: none */
	int asked;
	uint64_t device, inode; /* of the folder that is watched */
};

/* Calls `each` with every name that came or left since the last call, in this
 * order. False: that is not known, and the folder has to be listed now. What
 * another process on this machine did before the call is always among them;
 * where other machines may write, nothing is ever known. */
bool changes_read(struct changes *c, const char *state_dir,
    void (*each)(const char *name, bool came, void *data), void *data);
void changes_release(struct changes *c);

#endif
