/* bin/itrack beside the one program: becomes it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "wrap/launch/home.h"
#include "wrap/one/one.h"

/* As itrack's own status of a mistake before anything was done. */
#define EXIT_NOT_STARTED 125

int
main(int argc, char **argv)
{
	static char name[] = ONE_ITRACK;
	static char *none[] = {name, NULL};
	char home[HOME_SIZE], path[HOME_SIZE + sizeof "/" HOME_WORKER];

	home_find(home);
	snprintf(path, sizeof path, "%s/%s", home, HOME_WORKER);
	if (argc > 0)
		argv[0] = name;
	execv(path, argc > 0 ? argv : none);
	fprintf(stderr, "itrack: %s: %s: install itrack anew\n", path,
	    strerror(errno));
	return EXIT_NOT_STARTED;
}
