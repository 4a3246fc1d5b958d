#include "itrack/spawn_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/closing.h"
#include "base/die.h"
#include "base/environment.h"
#include "itrack/library_link.h"

/* The caller's shim uses this variable; the worker must not inherit it. */
#define SHIM_VARIABLE "ITRACK_SOCKET="
/* Of a child that did not become the worker, as shells have it. */
#define EXIT_NOT_STARTED 127

/* What the caller's environment has for trackers, with the login of a URI added; of
 * two variables with the same name the first counts. */
static char **
make_environment(const struct settings *s)
{
	size_t count = 0, kept = 0;
	char **copy;

	while (environ != NULL && environ[count] != NULL)
		count++;
	copy = xcalloc(count + 2, sizeof *copy);
	if (s->login != NULL)
		copy[kept++] = s->login;
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], SHIM_VARIABLE, strlen(SHIM_VARIABLE)) !=
			0 &&
		    environment_keeps(environ[i]))
			copy[kept++] = environ[i];
	return copy;
}

/* In the child: what posix_spawn() does there, by calls that are safe in a child
 * of a program with threads. */
static _Noreturn void
become_worker(const char *worker, char *const *arguments,
    char *const *environment, int link)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;

	for (int signal = 1; signal < NSIG; signal++)
		sigaction(signal, &usual, NULL);
	setsid();
	for (int fd = 0; fd < LIBRARY_LINK_FD; fd++) {
		close(fd);
		open("/dev/null", O_RDWR);
	}
	if (dup2(link, LIBRARY_LINK_FD) < 0 || chdir("/") < 0)
		_exit(EXIT_NOT_STARTED);
	closing_range(LIBRARY_LINK_FD + 1, ~0U);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(worker, arguments, environment);
	_exit(EXIT_NOT_STARTED);
}

/* posix_spawn() knows clone3 alone where a filter refuses that by EPERM. */
static int
spawn_by_fork(const char *worker, char *const *arguments,
    char *const *environment, int link, pid_t *pid)
{
	sigset_t all, before;
	int result = 0;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	*pid = fork();
	if (*pid == 0)
		become_worker(worker, arguments, environment, link);
	if (*pid < 0)
		result = -errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 34)
static int
spawn_plainly(const char *worker, char *const *arguments,
    char *const *environment, int link, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t how;
	sigset_t none, all;
	int result;

	posix_spawn_file_actions_init(&files);
	for (int fd = 0; fd < LIBRARY_LINK_FD; fd++)
		posix_spawn_file_actions_addopen(
		    &files, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, link, LIBRARY_LINK_FD);
	posix_spawn_file_actions_addclosefrom_np(&files, LIBRARY_LINK_FD + 1);
	posix_spawn_file_actions_addchdir_np(&files, "/");
	posix_spawnattr_init(&how);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(&how, &none);
	posix_spawnattr_setsigdefault(&how, &all);
	posix_spawnattr_setflags(&how,
	    POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
		POSIX_SPAWN_SETSIGDEF);
	result = posix_spawn(pid, worker, &files, &how, arguments, environment);
	posix_spawnattr_destroy(&how);
	posix_spawn_file_actions_destroy(&files);
	return -result;
}
#else
/* An older glibc, or musl, can't close all from a descriptor on. */
static int
spawn_plainly(const char *worker, char *const *arguments,
    char *const *environment, int link, pid_t *pid)
{
	return spawn_by_fork(worker, arguments, environment, link, pid);
}
#endif

int
worker_spawn(const struct itrack_tracker *t, const struct run *run,
    const char *word, int link, pid_t *pid)
{
	const char *const words[] = {"itrack-worker", word, run->state_dir,
	    journal_attempt(run->journal), NULL};
	char *const *arguments = (char *const *)(uintptr_t)words;
	char **environment = make_environment(&t->settings);
	int result =
	    spawn_plainly(t->worker, arguments, environment, link, pid);

	if (result == -EPERM)
		result =
		    spawn_by_fork(t->worker, arguments, environment, link, pid);
	free(environment);
	return result;
}
