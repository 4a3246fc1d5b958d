/* What `itrack doctor` finds of the installation itself: the other programs, the
 * preload library, the state directory and its disk. */
#ifndef WRAP_ITRACK_INSTALLATION_H
#define WRAP_ITRACK_INSTALLATION_H

#include "tracker/examine.h"

/* Says each finding: `part` is "launcher", "worker", "preload library" or
 * "state". Changes nothing. */
void installation_examine(void (*said)(void *data, const char *part,
			      enum verdict verdict, const char *text),
    void *data);

#endif
