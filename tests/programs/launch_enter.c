/*
 * Runs a command from an unusual state: what a launcher in between must hand
 * on. Words before `--`:
 *
 *	ignore N  block N  close FD  open FD FILE  alarm SECONDS
 *	child (one that was started before)
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int
number(const char *text)
{
	return text != NULL ? (int)strtol(text, NULL, 10) : -1;
}

static void
block(int signo)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signo);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

static void
open_at(int fd, const char *file)
{
	int got = open(file, O_RDWR | O_CREAT, 0600);

	if (got >= 0 && got != fd) {
		dup2(got, fd);
		close(got);
	}
}

int
main(int argc, char **argv)
{
	int i = 1;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strcmp(argv[i], "child") == 0) {
			if (fork() == 0)
				_exit(0);
		} else if (strcmp(argv[i], "ignore") == 0) {
			signal(number(argv[++i]), SIG_IGN);
		} else if (strcmp(argv[i], "block") == 0) {
			block(number(argv[++i]));
		} else if (strcmp(argv[i], "close") == 0) {
			close(number(argv[++i]));
		} else if (strcmp(argv[i], "alarm") == 0) {
			alarm((unsigned)number(argv[++i]));
		} else if (strcmp(argv[i], "open") == 0 && i + 2 < argc) {
			open_at(number(argv[i + 1]), argv[i + 2]);
			i += 2;
		} else {
			return 2;
		}
	}
	if (i + 1 >= argc)
		return 2;
	execvp(argv[i + 1], argv + i + 1);
	return 127;
}
