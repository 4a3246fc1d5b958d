#include "itrack/start_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/closing.h"
#include "base/die.h"
#include "base/environment.h"
#include "base/file.h"
#include "base/path.h"
#include "itrack/library_link.h"
#include "itrack/own_file.h"

#define WORKER_PLACE "libexec/itrack/itrack-worker"
/* The library of a wheel is five folders below the prefix:
 * lib/python3.11/site-packages/itrack/libitrack.so.0. */
#define FOLDERS_UP 5
/* The caller's shim uses this variable; the worker must not inherit it. */
#define SHIM_VARIABLE "ITRACK_SOCKET="
/* Of a child that did not become the worker, as shells have it. */
#define EXIT_NOT_STARTED 127

/* Do we trust the file's owner? He could have changed the running code as
 * well. */
static bool
is_trusted(const char *worker, const struct stat *own)
{
	struct stat st;

	return access(worker, X_OK) == 0 && stat(worker, &st) == 0 &&
	    (st.st_uid == 0 || st.st_uid == geteuid() ||
		st.st_uid == own->st_uid);
}

/* Looks beside the folder of this library or program, and further up; NULL: it
 * is not there. */
static char *
near_own_file(void)
{
	char *at = own_file(), *up, *path = NULL;
	struct stat own;

	/* Our file was replaced since, but its folder still tells. */
	if (at == NULL || stat(at, &own) < 0)
		own.st_uid = geteuid();
	for (int i = 0; at != NULL && path == NULL && i < FOLDERS_UP; i++) {
		up = path_parent(at);
		free(at);
		at = up;
		path = path_join(at, WORKER_PLACE);
		if (!is_trusted(path, &own)) {
			free(path);
			path = NULL;
		}
	}
	free(at);
	return path;
}

int
worker_find(char **path, struct err *err)
{
	const char *given = secure_getenv("ITRACK_WORKER");

	*path = NULL;
	if (given != NULL && given[0] != '\0' && given[0] != '/')
		return err_set(err, -EINVAL,
		    "ITRACK_WORKER: %s: not an absolute path", given);
	if (given != NULL && given[0] != '\0')
		*path = xstrdup(given);
	else
		*path = near_own_file();
	if (*path == NULL)
		*path = xstrdup(ITRACK_PREFIX "/" WORKER_PLACE);
	if (access(*path, X_OK) == 0)
		return 0;
	if (!file_is_absent(-errno))
		err_errno(err, "%s", *path);
	else
		err_set(err, -ENOENT,
		    "%s: not there; install itrack, or set ITRACK_WORKER",
		    *path);
	free(*path);
	*path = NULL;
	return err->code;
}

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

/* Makes a session of its own and closes every descriptor of the caller but the
 * link. */
static int
spawn(const struct itrack_tracker *t, const struct run *run, const char *word,
    int link, pid_t *pid)
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

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		/* ECHILD: the caller ignores SIGCHLD, or waited before us. */
		if (errno != EINTR)
			return 0;
	return status;
}

static void
drop_link(struct run *run)
{
	if (run->link >= 0)
		close(run->link);
	run->link = -1;
}

static int
start(const struct itrack_tracker *t, struct run *run, const char *word,
    struct err *err)
{
	struct library_packet packet;
	int pair[2], result;
	pid_t pid;

	if (t->worker == NULL)
		return err_set(
		    err, t->no_worker.code, "%s", t->no_worker.message);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "no socket for the worker");
	/* A link with a number below its destination would be closed on the
	 * way. */
	result = fcntl(pair[1], F_DUPFD_CLOEXEC, LIBRARY_LINK_FD + 1);
	close(pair[1]);
	if (result < 0) {
		close(pair[0]);
		return err_errno(err, "no descriptor for the worker");
	}
	pair[1] = result;
	result = spawn(t, run, word, pair[1], &pid);
	close(pair[1]);
	run->link = pair[0];
	if (result < 0)
		err_set(err, result, "%s: %s", t->worker, strerror(-result));
	else if (wait_for(pid) != 0) {
		result = -EIO;
		if (recv(run->link, &packet, sizeof packet, MSG_DONTWAIT) ==
		    sizeof packet)
			err_set(err, result, "%s: %.*s", t->worker,
			    LIBRARY_MESSAGE_MAX, packet.message);
		else
			err_set(err, result, "%s: can't be started", t->worker);
	}
	if (result < 0)
		drop_link(run);
	return result;
}

int
worker_begin(const struct itrack_tracker *t, struct run *run, struct err *err)
{
	return start(t, run, LIBRARY_WORD_BEGIN, err);
}

int
worker_start(const struct itrack_tracker *t, struct run *run, struct err *err)
{
	return start(t, run, LIBRARY_WORD_DELIVER, err);
}

void
worker_wake(const struct itrack_tracker *t, struct run *run)
{
	/* A worker that we have notices when we go. */
	if (run->link < 0 && !run->blind)
		start(t, run, LIBRARY_WORD_WAKE, NULL);
}

/* May the open run be over because `itrack sync` delivered it? */
static bool
was_delivered(const struct run *run)
{
	char *file = journal_file(run->journal);
	bool gone = run->open && file_look(AT_FDCWD, file, 0, NULL, NULL) == 0;

	free(file);
	return gone;
}

static bool
ask(struct run *run, enum library_word question, uint64_t serial)
{
	struct library_packet packet = {.version = LIBRARY_LINK_VERSION,
	    .word = question,
	    .serial = serial};

	return send(run->link, &packet, sizeof packet, MSG_NOSIGNAL) ==
	    sizeof packet;
}

/* Waits for the next packet until `due_ms`. 1: one came; 0: too late; -1: the
 * worker died. */
static int
receive(struct run *run, struct library_packet *packet, int64_t due_ms)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = run->link, .events = POLLIN};
		int64_t left_ms = due_ms - clock_mono_ms();
		ssize_t n;

		if (poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0) < 0 &&
		    errno != EINTR)
			return -1;
		if (poll_fd.revents == 0) {
			if (left_ms <= 0)
				return 0;
			continue;
		}
		n = recv(run->link, packet, sizeof *packet, MSG_DONTWAIT);
		if (n == (ssize_t)sizeof *packet)
			return 1;
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return -1;
	}
}

static int
too_late(const struct run *run, struct err *err)
{
	return err_set(err, -ETIMEDOUT,
	    "not everything is delivered yet; what stays behind: "
	    "itrack sync %s",
	    journal_attempt(run->journal));
}

static int
judge(
    const struct run *run, const struct library_packet *packet, struct err *err)
{
	if (packet->rejected == 0 && packet->pending == 0 &&
	    packet->message[0] == '\0')
		return 0;
	if (packet->pending == 0)
		return err_set(err, -EIO, "%.*s%s%llu rejected",
		    LIBRARY_MESSAGE_MAX, packet->message,
		    packet->message[0] != '\0' ? "; " : "",
		    (unsigned long long)packet->rejected);
	return err_set(err, packet->rejected > 0 ? -EIO : -EAGAIN,
	    "%.*s%s%llu rejected, %llu pending; itrack sync %s",
	    LIBRARY_MESSAGE_MAX, packet->message,
	    packet->message[0] != '\0' ? "; " : "",
	    (unsigned long long)packet->rejected,
	    (unsigned long long)packet->pending, journal_attempt(run->journal));
}

static void
take_id(struct run *run, const struct library_packet *packet)
{
	if (packet->its_id[0] == '\0')
		return;
	free(run->its_id);
	run->its_id = xstrndup(packet->its_id, LIBRARY_ID_MAX - 1);
}

/* Waits for the answer to the question, or, to LIBRARY_SETTLED, for that word. */
static int
wait_word(const struct itrack_tracker *t, struct run *run,
    enum library_word question, int64_t limit_ms, struct err *err)
{
	int64_t due_ms = clock_mono_ms() + limit_ms;
	uint64_t serial = (uint64_t)clock_mono_us();
	struct library_packet packet;
	int starts = 0, result;
	bool asked = false;

	while (!run->blind) {
		if (run->link < 0) {
			if (was_delivered(run))
				return 0;
			if (starts++ > 0)
				return err_set(err, -EIO,
				    "the worker dies; itrack sync %s",
				    journal_attempt(run->journal));
			if ((result = worker_start(t, run, err)) < 0)
				return was_delivered(run) ? 0 : result;
			asked = false;
		}
		if (question != LIBRARY_SETTLED && !asked)
			asked = ask(run, question, serial);
		result = receive(run, &packet, due_ms);
		if (result == 0)
			return too_late(run, err);
		if (result < 0) {
			drop_link(run);
			continue;
		}
		if (packet.word == LIBRARY_SETTLED ||
		    (packet.word == LIBRARY_FLUSHED &&
			packet.serial == serial)) {
			free(run->altered);
			run->altered =
			    xstrndup(packet.altered, LIBRARY_MESSAGE_MAX - 1);
			free(run->refused);
			run->refused =
			    xstrndup(packet.refused, LIBRARY_LINES_MAX - 1);
			take_id(run, &packet);
			return judge(run, &packet, err);
		}
	}
	return 0;
}

int
worker_flush(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	return wait_word(t, run, LIBRARY_FLUSH, limit_ms, err);
}

int
worker_open(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	int result = wait_word(t, run, LIBRARY_OPENED, limit_ms, err);

	return run->its_id != NULL ? 0 : result;
}

int
worker_settle(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	return wait_word(t, run, LIBRARY_SETTLED, limit_ms, err);
}
