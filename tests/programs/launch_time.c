/*
 * Times commands against each other: runs them in turn, so that whatever else
 * the machine does hits all alike, and prints for each the median and the
 * smallest wall time in microseconds.
 *
 *	launch_time ROUNDS command [argument]... [:: command [argument]...]...
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COMMANDS_MAX 16

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double
run(char **command)
{
	posix_spawn_file_actions_t actions;
	struct timespec from, to;
	pid_t pid;
	int status;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	clock_gettime(CLOCK_MONOTONIC, &from);
	if (posix_spawnp(&pid, command[0], &actions, NULL, command, environ) !=
	    0)
		exit(2);
	waitpid(pid, &status, 0);
	clock_gettime(CLOCK_MONOTONIC, &to);
	posix_spawn_file_actions_destroy(&actions);
	if (status != 0) {
		fprintf(stderr, "%s: status %d\n", command[0], status);
		exit(2);
	}
	return (double)(to.tv_sec - from.tv_sec) * 1e6 +
	    (double)(to.tv_nsec - from.tv_nsec) / 1e3;
}

int
main(int argc, char **argv)
{
	char **commands[COMMANDS_MAX];
	double *times[COMMANDS_MAX];
	int count = 0, rounds = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 0;

	if (argc < 3 || rounds < 1)
		return 2;
	commands[count++] = &argv[2];
	for (int i = 2; i < argc; i++) {
		if (strcmp(argv[i], "::") != 0)
			continue;
		if (count == COMMANDS_MAX || i + 1 == argc)
			return 2;
		argv[i] = NULL;
		commands[count++] = &argv[i + 1];
	}
	for (int c = 0; c < count; c++)
		times[c] = calloc((size_t)rounds, sizeof(double));
	for (int r = 0; r < rounds; r++)
		for (int c = 0; c < count; c++)
			times[c][r] = run(commands[c]);
	for (int c = 0; c < count; c++) {
		qsort(times[c], (size_t)rounds, sizeof(double), by_size);
		printf("%.1f %.1f\n", times[c][rounds / 2], times[c][0]);
	}
	return 0;
}
