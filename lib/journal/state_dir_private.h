/* What state_dir.c (opens what is in it), state_dir_mark.c (what is one) and
 * state_dir_remove.c (deletes in it) share. */
#ifndef JOURNAL_STATE_DIR_PRIVATE_H
#define JOURNAL_STATE_DIR_PRIVATE_H

#include <stddef.h>

#include "journal/state_dir.h"

#define STATE_RUNS "runs"

struct state_names {
	char **list;
	size_t len;
};

/* The names in the directory, sorted; `fd` is taken over. */
int state_list(
    int fd, const char *path, struct state_names *names, struct err *err);
void state_names_release(struct state_names *names);
/* Opens the state directory. The user's own link to one elsewhere is followed; links
 * in that directory are not. */
int state_open_as(const char *state_dir, int flags, struct err *err);
/* Puts the mark into the folder, where it is missing and can be written. */
void state_put_mark(int dir_fd);
/* -EINVAL: the name is none of an attempt. */
int state_check_attempt(const char *name, struct err *err);

#endif
