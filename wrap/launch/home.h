/*
 * Finds the folder in which itrack is installed, by this program's own file.
 */
#ifndef LAUNCH_HOME_H
#define LAUNCH_HOME_H

#include <limits.h>

/* Room for the path, which leaves room for the longest of the paths below it. */
#define HOME_SIZE (PATH_MAX - 64)

#define HOME_WORKER "libexec/itrack/itrack-worker"

/* The folder that holds bin/itrack-wrap, without a slash at the end; else where
 * it was to be installed. */
void home_find(char home[HOME_SIZE]);

#endif
