/* Who has a run's records open? From /proc. */
#ifndef WRAP_FIND_OPEN_H
#define WRAP_FIND_OPEN_H

#include <stdbool.h>
#include <sys/types.h>

struct find_open {
	pid_t below; /* a process below (or the same as) `command`; 0: none */
	bool elsewhere; /* another process of this user has them open */
};

void find_open(struct find_open *result, const char *dir, pid_t command);

#endif
