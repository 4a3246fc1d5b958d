/* The launcher stops a command: SIGINT once, SIGTERM once, each at its time. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "wrap/launch/stop.h"
#include "wrap/link/link.h"

/* A process that dies of SIGTERM alone. */
static pid_t
stubborn(void)
{
	pid_t pid;

	signal(SIGINT, SIG_IGN);
	pid = fork();
	if (pid == 0)
		for (;;)
			pause();
	signal(SIGINT, SIG_DFL);
	return pid;
}

int
main(void)
{
	struct stop stop = {0};
	pid_t pid = fork();
	int status = 0;

	if (pid == 0)
		for (;;)
			pause();
	is_int(stop_turn(&stop, pid, 5), -1, "nobody asked for it");
	is_int(stop.sent, 0, "and nothing was sent");
	stop_ask(&stop, pid, 1000);
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT, "SIGINT first");
	stop = (struct stop){0};
	pid = stubborn();
	stop_ask(&stop, pid, 1000);
	stop_ask(&stop, pid, 2000);
	is_int(stop.sent, 1, "once, however often it is asked");
	is_int(stop_turn(&stop, pid, 2000), 1000 + LINK_STOP_MS,
	    "the second is due half a minute after the first");
	is_int(stop_turn(&stop, pid, 999 + LINK_STOP_MS), 1000 + LINK_STOP_MS,
	    "and not before");
	is_int(waitpid(pid, &status, WNOHANG), 0, "the command goes on");
	is_int(stop_turn(&stop, pid, 1000 + LINK_STOP_MS), -1, "the last");
	waitpid(pid, &status, 0);
	ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM, "SIGTERM then");
	is_int(stop.sent, 2, "two signals in all");
	return done_testing();
}
