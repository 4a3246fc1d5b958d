/* bin/itrack beside the one program: becomes it. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wrap/launch/home.h"
#include "wrap/one/one.h"

/* As itrack's own status of a mistake before anything was done. */
#define EXIT_NOT_STARTED 125

int
main(int argc, char **argv)
{
	static char name[] = "itrack", which[] = ONE_ITRACK;
	char home[HOME_SIZE], path[HOME_SIZE + sizeof "/" HOME_WORKER];
	size_t rest = argc > 0 ? (size_t)argc - 1 : 0;
	char **args = calloc(rest + 3, sizeof *args);

	if (args != NULL) {
		args[0] = name;
		args[1] = which;
		if (rest > 0)
			memcpy(args + 2, argv + 1, rest * sizeof *args);
		home_find(home);
		snprintf(path, sizeof path, "%s/%s", home, HOME_WORKER);
		execv(path, args);
		fprintf(stderr, "itrack: %s: %s: install itrack anew\n", path,
		    strerror(errno));
	} else
		fprintf(stderr, "itrack: out of memory\n");
	return EXIT_NOT_STARTED;
}
