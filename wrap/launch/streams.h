/*
 * Keeps the launcher's descriptors off the standard streams: where one of these was
 * closed at entry, it stays closed for the command.
 */
#ifndef WRAP_LAUNCH_STREAMS_H
#define WRAP_LAUNCH_STREAMS_H

/* Moves a descriptor of ours above the standard streams; it is closed on exec.
 * Returns its new number, or -1 with errno; the old one is closed then. */
int streams_above(int fd);
/* The same for two; both are closed if it fails. */
int streams_pair_above(int pair[2]);

#endif
