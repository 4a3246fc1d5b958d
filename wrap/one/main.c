/* The one program: itrack where bin/itrack has started it, else the worker. */
#include "wrap/one/one.h"

#include <string.h>
#include <sys/prctl.h>

int
main(int argc, char **argv)
{
	static char name[] = "itrack";

	if (argc < 2 || strcmp(argv[1], ONE_ITRACK) != 0)
		return worker_main(argc, argv);
	/* For whoever looks for it among the processes. */
	prctl(PR_SET_NAME, name);
	argv[1] = name;
	return itrack_main(argc - 1, argv + 1);
}
