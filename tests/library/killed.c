/* Logs, says so, and waits to be killed. argv: how many calls. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "itrack.h"

int
main(int argc, char **argv)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_metric m = {"x", 1};
	struct itrack_tracker *t = NULL;
	long calls = argc > 1 ? strtol(argv[1], NULL, 10) : 1;

	if (itrack_create_tracker(&t, "local", NULL, NULL, 0, &err) < 0 ||
	    itrack_start_run(t, "killed", NULL, 0, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	for (long i = 0; i < calls; i++)
		itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err);
	puts("logged");
	fflush(stdout);
	pause();
	return 0;
}
