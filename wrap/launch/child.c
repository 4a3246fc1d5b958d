#include "wrap/launch/child.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "wrap/launch/say.h"

/* vfork: parent and child share memory until the exec, so the child can leave
 * its errno here, and no page is copied. */
static volatile int exec_errno;

static _Noreturn void
become(char **arguments, char **environment, int output,
    const struct signals *signals, const struct inherit *in)
{
	if (output >= 0)
		dup2(output, STDOUT_FILENO);
	inherit_give(in);
	signals_restore(signals);
	execvpe(arguments[0], arguments, environment);
	exec_errno = errno;
	_exit(EXIT_NOT_FOUND);
}

int
child_start(struct child *c, char **arguments, char **environment, int output,
    const struct signals *signals, const struct inherit *in)
{
	exec_errno = 0;
	c->ended = false;
	c->pid = vfork();
	if (c->pid < 0)
		return -errno;
	if (c->pid == 0)
		become(arguments, environment, output, signals, in);
	if (exec_errno != 0) {
		while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
			;
		return -exec_errno;
	}
	return 0;
}

int
child_replace_us(char **arguments, char **environment,
    const struct signals *signals, const struct inherit *in)
{
	inherit_give(in);
	signals_restore(signals);
	execvpe(arguments[0], arguments, environment);
	return -errno;
}

_Noreturn void
child_exit_unstarted(const char *command, int code)
{
	say("itrack-wrap: %s: %s", command, strerror(-code));
	exit(code == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_EXECUTABLE);
}

void
child_changed(struct child *c, int status, const struct rusage *usage,
    struct signals *signals)
{
	if (WIFCONTINUED(status))
		return;
	if (WIFSTOPPED(status)) {
		/* Job control: the shell sees us stop and will continue the
		 * whole group. */
		signals_stop_with(signals, c->pid, WSTOPSIG(status));
		return;
	}
	c->ended = true;
	c->status = status;
	c->usage = *usage;
}

_Noreturn void
child_exit_as(const struct child *c)
{
	if (!WIFSIGNALED(c->status))
		exit(WEXITSTATUS(c->status));
	if (getpid() != 1)
		signals_die_of(WTERMSIG(c->status));
	exit(128 + WTERMSIG(c->status));
}
