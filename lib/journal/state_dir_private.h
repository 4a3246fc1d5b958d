/* What state_dir.c and state_dir_remove.c share. */
#ifndef JOURNAL_STATE_DIR_PRIVATE_H
#define JOURNAL_STATE_DIR_PRIVATE_H

#include <stddef.h>

#include "journal/state_dir.h"

struct state_names {
	char **list;
	size_t len;
};

/* The names in the directory, sorted; `fd` is taken over. */
int state_list(
    int fd, const char *path, struct state_names *names, struct err *err);
void state_names_release(struct state_names *names);
/* -EINVAL: the name is none of an attempt. */
int state_check_attempt(const char *name, struct err *err);

#endif
