/*
 * Runs a command from an unusual state: what a launcher in between must hand
 * on. Words before `--`:
 *
 *	ignore N  block N  close FD  open FD FILE  alarm SECONDS
 *	timer KIND SECONDS (an interval timer, as in setitimer)
 *	queue N VALUE (a signal to itself: blocked, so it waits)
 *	parent-death N  subreaper  reset-on-fork
 *	child (one that was started before)
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/time.h>
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

static void
queue(int signo, int value)
{
	block(signo);
	sigqueue(getpid(), signo, (union sigval){.sival_int = value});
}

/* What a fork would lose. Returns the words that were used, 0: none of these.
 */
static int
enter_process(char **words)
{
	const char *word = words[0];

	if (strcmp(word, "parent-death") == 0) {
		prctl(PR_SET_PDEATHSIG, number(words[1]));
		return 2;
	}
	if (strcmp(word, "subreaper") == 0) {
		prctl(PR_SET_CHILD_SUBREAPER, 1);
		return 1;
	}
	if (strcmp(word, "reset-on-fork") == 0) {
		struct sched_param param = {0};

		if (sched_setscheduler(
			0, SCHED_BATCH | SCHED_RESET_ON_FORK, &param) < 0)
			exit(3);
		return 1;
	}
	if (strcmp(word, "timer") == 0 && words[1] != NULL) {
		struct itimerval timer = {
		    .it_value = {.tv_sec = number(words[2])},
		    .it_interval = {.tv_sec = 77}};

		if (setitimer(
			(__itimer_which_t)number(words[1]), &timer, NULL) < 0)
			exit(3);
		return 3;
	}
	if (strcmp(word, "queue") == 0 && words[1] != NULL) {
		queue(number(words[1]), number(words[2]));
		return 3;
	}
	return 0;
}

int
main(int argc, char **argv)
{
	int i = 1, used;

	for (; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if ((used = enter_process(argv + i)) > 0) {
			i += used - 1;
		} else if (strcmp(argv[i], "child") == 0) {
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
