/*
 * Prints everything that a program inherits, one thing a line, so that two
 * starts can be compared: arguments, environment (without what itrack-wrap is
 * known to add), descriptors, signals, limits, identity.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/personality.h>
#include <sys/time.h>
#include <unistd.h>

#define DESCRIPTORS 64
#define SIGNALS     64

static void
print_environment(void)
{
	for (char **e = environ; *e != NULL; e++)
		/* `_` is the shell's: the name of what it starts. */
		if (strncmp(*e, "_=", 2) != 0 &&
		    strncmp(*e, "LD_PRELOAD=", 11) != 0 &&
		    strncmp(*e, "ITRACK_SOCKET=", 14) != 0)
			printf("env %s\n", *e);
}

static void
print_descriptors(void)
{
	struct stat st;

	for (int fd = 0; fd < DESCRIPTORS; fd++) {
		if (fstat(fd, &st) < 0)
			continue;
		printf("fd %d dev %lx ino %lu flags %o cloexec %d tty %d "
		       "offset %ld\n",
		    fd, (long)st.st_dev, (unsigned long)st.st_ino,
		    fcntl(fd, F_GETFL), fcntl(fd, F_GETFD), isatty(fd),
		    fd == 1 ? 0L : (long)lseek(fd, 0, SEEK_CUR));
	}
}

static void
print_signals(void)
{
	sigset_t mask, pending;
	struct sigaction action;

	sigprocmask(SIG_SETMASK, NULL, &mask);
	sigpending(&pending);
	for (int s = 1; s <= SIGNALS; s++) {
		if (sigaction(s, NULL, &action) < 0)
			continue;
		printf("signal %d blocked %d pending %d %s flags %x\n", s,
		    sigismember(&mask, s), sigismember(&pending, s),
		    action.sa_handler == SIG_IGN       ? "ignored"
			: action.sa_handler == SIG_DFL ? "default"
						       : "handled",
		    (unsigned)action.sa_flags);
	}
}

/* Every signal that waits, with what came along. It is gone then. */
static void
print_pending(void)
{
	const struct timespec at_once = {0};
	siginfo_t info;
	sigset_t set;

	sigpending(&set);
	while (sigtimedwait(&set, &info, &at_once) > 0)
		printf("waiting %d code %d value %d\n", info.si_signo,
		    info.si_code,
		    info.si_code == SI_QUEUE ? info.si_value.sival_int : 0);
}

/* Armed or not: what is left of them differs each time. */
static void
print_timers(void)
{
	struct itimerval timer;

	for (int kind = ITIMER_REAL; kind <= ITIMER_PROF; kind++)
		if (getitimer((__itimer_which_t)kind, &timer) == 0)
			printf("timer %d armed %d interval %ld\n", kind,
			    timer.it_value.tv_sec != 0 ||
				timer.it_value.tv_usec != 0,
			    (long)timer.it_interval.tv_sec);
}

static void
print_limits(void)
{
	struct rlimit limit;

	for (int r = 0; r < RLIMIT_NLIMITS; r++)
		if (getrlimit((__rlimit_resource_t)r, &limit) == 0)
			printf("limit %d %lx %lx\n", r, (long)limit.rlim_cur,
			    (long)limit.rlim_max);
}

static void
print_identity(void)
{
	mode_t mask = umask(0);
	int parent_death = 0, subreaper = 0;
	char name[17] = "", cwd[4096] = "";
	cpu_set_t cpus;

	umask(mask);
	prctl(PR_GET_PDEATHSIG, &parent_death);
	prctl(PR_GET_CHILD_SUBREAPER, &subreaper);
	prctl(PR_GET_NAME, name);
	CPU_ZERO(&cpus);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	printf("umask %o\nnice %d\nsession %d\ngroup %d\n", (unsigned)mask,
	    getpriority(PRIO_PROCESS, 0), getsid(0), getpgrp());
	printf("cwd %s\nname %s\nscheduler %d\ncpus %d\n",
	    getcwd(cwd, sizeof(cwd)), name, sched_getscheduler(0),
	    CPU_COUNT(&cpus));
	printf("dumpable %d\nno_new_privs %d\nkeepcaps %d\nslack %d\n",
	    prctl(PR_GET_DUMPABLE), prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0),
	    prctl(PR_GET_KEEPCAPS), prctl(PR_GET_TIMERSLACK));
	printf("parent death %d\nsubreaper %d\n", parent_death, subreaper);
	printf("personality %d\nuid %d %d\ngid %d %d\n",
	    personality(0xffffffff), getuid(), geteuid(), getgid(), getegid());
}

int
main(int argc, char **argv)
{
	for (int i = 0; i < argc; i++)
		printf("argument %s\n", argv[i]);
	print_environment();
	print_descriptors();
	print_signals();
	print_pending();
	print_timers();
	print_limits();
	print_identity();
	return 0;
}
