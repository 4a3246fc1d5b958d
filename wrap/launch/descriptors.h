/*
 * The launcher's descriptors: they keep off the standard streams, so that one that was
 * closed at entry stays closed for the command, and after the launch all but ours are
 * closed.
 */
#ifndef LAUNCH_DESCRIPTORS_H
#define LAUNCH_DESCRIPTORS_H

#include <stddef.h>

/* Moves a descriptor of ours above the standard streams; it is closed on exec.
 * Returns its new number, or -1 with errno; the old one is closed then. */
int descriptors_above(int fd);
/* The same for two; both are closed if it fails. */
int descriptors_pair_above(int pair[2]);

/* Gives back what we hold of the command's files: a reader of its output must see the
 * end, and a lock must be free, when the command's processes are gone. Standard error
 * stays, for the report. Ours (-1: none) move to the numbers from 3 on. */
void descriptors_let_go(int *const ours[], size_t len);

#endif
