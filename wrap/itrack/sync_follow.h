/*
 * itrack sync --follow: one process delivers the journals of others, for
 * machines without a network that share a directory with this one. It takes up
 * a journal once its run has ended, and tries again what could not be
 * delivered.
 */
#ifndef WRAP_ITRACK_SYNC_FOLLOW_H
#define WRAP_ITRACK_SYNC_FOLLOW_H

#include "wrap/options/options.h"

/* The arguments are state directories (that hold runs/); without arguments it
 * is `state_dir`. Returns at SIGINT, SIGTERM or SIGHUP, or if a directory can't
 * be watched. */
int sync_follow(const struct options *options, const char *state_dir);

#endif
