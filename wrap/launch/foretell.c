#include "wrap/launch/foretell.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/closing.h"
#include "wrap/launch/now.h"
#include "wrap/launch/environments.h"
#include "wrap/link/link.h"
#include "wrap/link/procstat.h"

/* Settings are a few small files; a command is not held up for others. */
#define WAIT_MS 1000
/* A program that has all that it needs but a processor gets so long, and is looked
 * at so often. */
#define BUSY_MS 10000
#define LOOK_MS 20
/* How long its end is waited for. */
#define NAP_NS   1000000
#define NAPS_MAX 100
/* A line for each tracker, none longer than a path and a few words. */
#define SAID_MAX 16384

/* Is there a tracker, or a rule, of which something may have to be said before the
 * run? */
static bool
is_worth_it(const struct options *options)
{
	const char *name;

	if (options->stop_if_len > 0)
		return true;
	for (size_t i = 0; (name = options_tracker(i)) != NULL; i++)
		if (strcmp(name, "local") != 0 && options_tracks(options, name))
			return true;
	return false;
}

static _Noreturn void
become(const char *program, char **arguments, char **environment, int output)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (dup2(output, STDOUT_FILENO) == STDOUT_FILENO) {
		close(STDIN_FILENO);
		close(STDERR_FILENO);
		if (open("/dev/null", O_RDWR) == STDIN_FILENO)
			dup2(STDIN_FILENO, STDERR_FILENO);
		closing_range(STDERR_FILENO + 1, ~0U);
		execve(program, arguments, environment);
	}
	_exit(1);
}

/* How long the program is still waited for. */
static int64_t
patience_ms(pid_t pid, int64_t began_ms)
{
	int64_t waited_ms = now_ms() - began_ms;
	struct procstat stat;

	if (waited_ms < WAIT_MS)
		return WAIT_MS - waited_ms;
	return waited_ms < BUSY_MS && procstat_read(pid, &stat) &&
		stat.state == 'R'
	    ? LOOK_MS
	    : 0;
}

/* The text up to the end of the pipe; what comes too late is dropped. */
static size_t
read_said(int fd, pid_t pid, char said[SAID_MAX])
{
	struct pollfd wait = {fd, POLLIN, 0};
	int64_t began_ms = now_ms();
	size_t len = 0;
	ssize_t n;

	while (len < SAID_MAX) {
		int64_t left_ms = patience_ms(pid, began_ms);
		int ready = poll(&wait, 1, (int)left_ms);

		/* We may have had no processor ourselves: what is there counts. */
		if (ready == 0 && left_ms == 0)
			break;
		if (ready <= 0)
			continue;
		n = read(fd, said + len, SAID_MAX - len);
		if (n <= 0)
			return len;
		len += (size_t)n;
	}
	return len;
}

/* One that hangs in the kernel dies when that lets it. */
static void
end(pid_t pid)
{
	struct timespec nap = {0, NAP_NS};

	kill(pid, SIGKILL);
	for (int i = 0; i < NAPS_MAX && waitpid(pid, NULL, WNOHANG) == 0; i++)
		nanosleep(&nap, NULL);
}

/* Runs the program and prints what it says. */
static void
ask(const char *program, char **arguments, char **environment)
{
	static char said[SAID_MAX], word[] = LINK_FORETELLER;
	size_t count = 0, len;
	char **asked;
	int ends[2];
	pid_t pid;

	while (arguments[count] != NULL)
		count++;
	asked = calloc(count + 2, sizeof *asked);
	if (asked == NULL || pipe2(ends, O_CLOEXEC) < 0)
		return;
	asked[0] = arguments[0];
	asked[1] = word;
	memcpy(asked + 2, arguments + 1, (count - 1) * sizeof *asked);
	pid = vfork();
	if (pid == 0)
		become(program, asked, environment, ends[1]);
	close(ends[1]);
	if (pid < 0)
		return;
	len = read_said(ends[0], pid, said);
	end(pid);
	if (len > 0)
		(void)!write(STDERR_FILENO, said, len);
}

/* In a process between us and the program, because that one's end sends SIGCHLD,
 * which would wait for the command where it is blocked. A fork without an exec may
 * end without a signal. */
static void
ask_beside(const char *program, char **arguments, char **environment)
{
	pid_t pid = (pid_t)syscall(SYS_clone, 0, NULL, NULL, NULL, NULL);

	if (pid == 0) {
		ask(program, arguments, environment);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

void
foretell(const struct options *options, char **arguments, const char *worker)
{
	char **environment;

	if (options_given(options, OPT_QUIET) || !is_worth_it(options))
		return;
	environment = environments_for_worker();
	if (environment != NULL)
		ask_beside(worker, arguments, environment);
	free(environment);
}
