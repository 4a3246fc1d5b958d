/*
 * The password that a netrc file has for a machine, read as Python's netrc
 * does, which wandb itself uses: the last entry of a machine counts, a default
 * entry stands for all machines without one, tokens may be quoted.
 */
#ifndef TRACKER_WANDB_NETRC_H
#define TRACKER_WANDB_NETRC_H

#include <stdbool.h>

/* `text` is the file's content. `by_default` is set if it is the default
 * entry's. NULL: none. Allocated. */
char *wandb_netrc_password(
    const char *text, const char *machine, bool *by_default);

#endif
