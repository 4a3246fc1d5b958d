/*
 * Finds the password that a netrc file has for a machine. Reads the file like
 * Python's netrc module, which wandb itself uses: the last entry of a machine
 * counts, a default entry stands for all machines without one, tokens may be
 * quoted.
 */
#ifndef TRACKER_WANDB_NETRC_H
#define TRACKER_WANDB_NETRC_H

#include <stdbool.h>

/* `text` is the file's content. `by_default` is set if the password comes from
 * the default entry. NULL: there is none. Allocated. */
char *wandb_netrc_password(
    const char *text, const char *machine, bool *by_default);

#endif
