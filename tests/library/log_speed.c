/* Times itrack_log_metrics() with four metrics. argv: calls. Prints, a line
 * each: microseconds of wall clock and of CPU time a call, and by how many KiB
 * the peak of memory grew after the first hundredth of the calls. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "itrack.h"

static double
seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long
peak_kib(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

int
main(int argc, char **argv)
{
	long calls = argc > 1 ? strtol(argv[1], NULL, 10) : 100000;
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_metric m[] = {
	    {"accuracy", 0.5}, {"loss", 0}, {"latency_ms", 0}, {"tokens", 128}};
	struct itrack_tracker *t = NULL;
	double wall, cpu;
	long peak = 0;

	if (itrack_create_tracker(&t, "local", NULL, NULL, 0, &err) < 0 ||
	    itrack_start_run(t, "speed", NULL, 0, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	wall = seconds(CLOCK_MONOTONIC);
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID);
	for (long i = 0; i < calls; i++) {
		m[1].value = 1 / (double)(i + 1);
		m[2].value = (double)i * 0.37;
		if (itrack_log_metrics(t, m, 4, ITRACK_STEP_AUTO, &err) < 0) {
			fprintf(stderr, "%s\n", err.message);
			return 1;
		}
		if (i == calls / 100)
			peak = peak_kib();
	}
	wall = seconds(CLOCK_MONOTONIC) - wall;
	cpu = seconds(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	printf("%.3f\n%.3f\n%ld\n", wall * 1e6 / (double)calls,
	    cpu * 1e6 / (double)calls, peak_kib() - peak);
	itrack_free(t);
	return 0;
}
