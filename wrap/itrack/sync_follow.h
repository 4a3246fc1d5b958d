/*
 * itrack sync --follow: one process that delivers what others record, for
 * machines without a network that share a directory with this one. A journal is
 * taken up once its run has ended; what is not delivered then is tried again.
 */
#ifndef WRAP_ITRACK_SYNC_FOLLOW_H
#define WRAP_ITRACK_SYNC_FOLLOW_H

#include "wrap/options/options.h"

/* The arguments are state directories (that hold runs/); none: `state_dir`.
 * Returns at SIGINT, SIGTERM or SIGHUP, or if a directory can't be watched. */
int sync_follow(const struct options *options, const char *state_dir);

#endif
