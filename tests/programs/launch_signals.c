/*
 * Counts signals: prints "ready", then a line for each signal that arrives
 * (HUP, INT, QUIT, USR1, USR2, TERM, CONT, WINCH, ALRM, RTMIN+1 with its
 * value). Ends with status 0 at a line or the end of standard input, or, with
 * an argument, with its number at the first SIGTERM.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const char *
name_of(int signo)
{
	switch (signo) {
	case SIGHUP:
		return "HUP";
	case SIGINT:
		return "INT";
	case SIGQUIT:
		return "QUIT";
	case SIGUSR1:
		return "USR1";
	case SIGUSR2:
		return "USR2";
	case SIGTERM:
		return "TERM";
	case SIGCONT:
		return "CONT";
	case SIGWINCH:
		return "WINCH";
	case SIGALRM:
		return "ALRM";
	default:
		return "RT";
	}
}

int
main(int argc, char **argv)
{
	static const int counted[] = {SIGHUP, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2,
	    SIGTERM, SIGCONT, SIGWINCH, SIGALRM};
	struct signalfd_siginfo info;
	struct pollfd fds[2] = {{.events = POLLIN}, {.events = POLLIN}};
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(counted) / sizeof(counted[0]); i++)
		sigaddset(&set, counted[i]);
	sigaddset(&set, SIGRTMIN + 1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fds[0].fd = signalfd(-1, &set, 0);
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("ready %d\n", getpid());
	for (;;) {
		if (poll(fds, 2, -1) < 0)
			return 2;
		if (fds[0].revents != 0) {
			if (read(fds[0].fd, &info, sizeof(info)) < 0)
				return 2;
			printf("%s %d\n", name_of((int)info.ssi_signo),
			    info.ssi_code == SI_QUEUE ? info.ssi_int : 0);
			if (argc > 1 && info.ssi_signo == SIGTERM)
				return (int)strtol(argv[1], NULL, 10);
		}
		if (fds[1].revents != 0)
			return 0;
	}
}
