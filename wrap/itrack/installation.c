#include "wrap/itrack/installation.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/process.h"
#include "journal/journal.h"
#include "journal/state_dir.h"
#include "wrap/launch/shimlink.h"
#include "wrap/link/link.h"

/* A journal and what is kept of one run's artifacts (64 MiB), and some. */
#define FREE_BYTES_MIN ((uint64_t)256 * 1024 * 1024)
#define MIB            ((uint64_t)1024 * 1024)
/* What a program says before it is stopped. */
#define SAID_MAX 512
/* A program that only says where runs will go takes some milliseconds. */
#define ANSWER_MS 10000

struct examine {
	void (*say)(void *data, const char *part, enum verdict verdict,
	    const char *text);
	void *data;
};

__attribute__((format(printf, 4, 5))) static void
say(const struct examine *e, const char *part, enum verdict verdict,
    const char *format, ...)
{
	char *text;
	va_list ap;

	va_start(ap, format);
	text = xvasprintf(format, ap);
	va_end(ap);
	e->say(e->data, part, verdict, text);
	free(text);
}

/* Without /proc it is what the kernel was asked to execute. */
static bool
find_own_file(char own[PATH_MAX])
{
	const char *executed = (const char *)getauxval(AT_EXECFN);
	ssize_t len = readlink("/proc/self/exe", own, PATH_MAX - 1);

	if (len > 0) {
		own[len] = '\0';
		return true;
	}
	return executed != NULL && executed[0] == '/' &&
	    realpath(executed, own) != NULL;
}

/* Where this program is if it is not in bin/ (wrap/one). */
#define ONE_FOLDER "/libexec/itrack"

/* The folder that holds bin/itrack; else where it was to be installed. */
static char *
find_home(void)
{
	char own[PATH_MAX], *folder, *home;
	size_t end;

	if (!find_own_file(own))
		return xstrdup(ITRACK_PREFIX);
	folder = path_parent(own);
	end = strlen(folder);
	end -= end < strlen(ONE_FOLDER) ? end : strlen(ONE_FOLDER);
	/* Then it is taken for a program in libexec/. */
	if (strcmp(folder + end, ONE_FOLDER) == 0)
		folder[strlen(folder) - strlen("/itrack")] = '\0';
	home = path_parent(folder);
	free(folder);
	return home;
}

static _Noreturn void
become(const char *path, char *const *arguments, const char *preload, int said)
{
	int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

	dup2(nowhere, STDIN_FILENO);
	dup2(nowhere, STDOUT_FILENO);
	dup2(said, STDERR_FILENO);
	if (preload != NULL)
		setenv("LD_PRELOAD", preload, 1);
	execv(path, arguments);
	dprintf(STDERR_FILENO, "%s", strerror(errno));
	_exit(127);
}

/* Waits for the end of the program, and ends one that takes too long. Returns 0 or a
 * negative errno. */
static int
wait_for_end(pid_t pid, int *status)
{
	pid_t ended = process_wait(pid, status, ANSWER_MS);

	if (ended != 0)
		return ended < 0 ? (int)ended : 0;
	kill(pid, SIGKILL);
	process_wait(pid, status, 0);
	return -ETIMEDOUT;
}

static void
read_first_line(int fd, char line[SAID_MAX])
{
	ssize_t n = read(fd, line, SAID_MAX - 1);

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\n")] = '\0';
}

/* Runs the program to its end. True: it said nothing on standard error, and no
 * signal killed it. */
static bool
runs_well(const char *path, char *const *arguments, const char *preload,
    char said[SAID_MAX])
{
	int ends[2], status = 0, result;
	pid_t pid;

	said[0] = '\0';
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0) {
		snprintf(said, SAID_MAX, "can't be tried: %s", strerror(errno));
		return false;
	}
	pid = fork();
	if (pid == 0)
		become(path, arguments, preload, ends[1]);
	result = pid < 0 ? -errno : wait_for_end(pid, &status);
	close(ends[1]);
	read_first_line(ends[0], said);
	close(ends[0]);
	if (said[0] == '\0' && result < 0)
		snprintf(said, SAID_MAX, "%s",
		    result == -ETIMEDOUT ? "it does not end"
					 : strerror(-result));
	else if (said[0] == '\0' && WIFSIGNALED(status))
		snprintf(
		    said, SAID_MAX, "killed by signal %d", WTERMSIG(status));
	return said[0] == '\0';
}

/* Is the file there? Says it if not. */
static bool
is_there(const struct examine *e, const char *part, const char *path, int how,
    const char *without)
{
	if (access(path, how) == 0)
		return true;
	say(e, part, VERDICT_BAD, "%s: %s: %s; install itrack anew", path,
	    strerror(errno), without);
	return false;
}

/* Asked so it only says where runs will go: it starts, and what it links
 * is there. */
static void
examine_worker(const struct examine *e, const char *home)
{
	char *path = path_join(home, "libexec/itrack/itrack-worker");
	char name[] = "itrack-worker", word[] = LINK_FORETELLER, said[SAID_MAX];
	char *arguments[] = {name, word, NULL};

	if (is_there(e, "worker", path, X_OK, "nothing can be tracked")) {
		if (runs_well(path, arguments, NULL, said))
			say(e, "worker", VERDICT_GOOD, "%s starts", path);
		else
			say(e, "worker", VERDICT_BAD,
			    "%s does not start: %s; nothing can be tracked",
			    path, said);
	}
	free(path);
}

static void
examine_shim(const struct examine *e, const char *home)
{
	static const char program[] = "/bin/true";
	char *path = path_join(home, "libexec/itrack/itrack-preload.so");
	char name[] = "true", said[SAID_MAX], shim[PATH_MAX];
	char *arguments[] = {name, NULL};

	if (is_there(e, "preload library", path, R_OK,
		"runs are found by other means")) {
		snprintf(shim, sizeof shim, "%s", path);
		if (shimlink_make(shim) < 0)
			say(e, "preload library", VERDICT_NOTE,
			    "%s: the loader takes no path with a blank or a "
			    "colon, and there is no place for a link: runs are "
			    "found by other means",
			    path);
		else if (access(program, X_OK) < 0 ||
		    runs_well(program, arguments, shim, said))
			say(e, "preload library", VERDICT_GOOD, "%s loads",
			    path);
		else
			say(e, "preload library", VERDICT_BAD,
			    "%s does not load: %s", path, said);
	}
	free(path);
}

static void
examine_launcher(const struct examine *e, const char *home)
{
	char *path = path_join(home, "bin/itrack-wrap");

	if (is_there(e, "launcher", path, X_OK, "no command can be tracked"))
		say(e, "launcher", VERDICT_GOOD, "%s, version %s", path,
		    ITRACK_VERSION);
	free(path);
}

/* The directory or the nearest above it that exists; allocated. */
static char *
nearest_existing(const char *dir)
{
	char *at = xstrdup(dir), *parent;

	while (access(at, F_OK) < 0 && strcmp(at, "/") != 0) {
		parent = path_parent(at);
		free(at);
		at = parent;
	}
	return at;
}

static void
examine_disk(const struct examine *e, const char *at, const char *state_dir)
{
	struct statvfs fs;
	uint64_t left;

	if (statvfs(at, &fs) < 0) {
		say(e, "state", VERDICT_BAD, "%s: %s", at, strerror(errno));
		return;
	}
	left = (uint64_t)fs.f_bavail * fs.f_frsize;
	say(e, "state", left < FREE_BYTES_MIN ? VERDICT_NOTE : VERDICT_GOOD,
	    "journals are in %s, %llu MiB are free there%s", state_dir,
	    (unsigned long long)(left / MIB),
	    left < FREE_BYTES_MIN
		? ": little, because artifacts are kept until they are "
		  "delivered"
		: "");
}

static bool
count(const char *attempt, void *data)
{
	(void)attempt;
	++*(size_t *)data;
	return true;
}

static void
examine_state(const struct examine *e)
{
	char *state_dir = state_dir_path(), *at;
	struct err err = ERR_INIT;
	size_t pending = 0;

	if (state_dir == NULL) {
		say(e, "state", VERDICT_BAD,
		    "neither XDG_STATE_HOME nor HOME names a directory: what "
		    "is not delivered at once is lost");
		return;
	}
	at = nearest_existing(state_dir);
	if (access(at, W_OK | X_OK) < 0)
		say(e, "state", VERDICT_BAD,
		    "journals are in %s, but %s can't be written (%s): what is "
		    "not delivered at once is lost; XDG_STATE_HOME names "
		    "another place",
		    state_dir, at, strerror(errno));
	else
		examine_disk(e, at, state_dir);
	if (state_each(state_dir, count, &pending, &err) < 0)
		say(e, "state", VERDICT_BAD, "%s", err.message);
	else if (pending > 0)
		say(e, "state", VERDICT_NOTE,
		    "%zu attempt%s not delivered (itrack status)", pending,
		    pending == 1 ? " is" : "s are");
	free(at);
	free(state_dir);
}

void
installation_examine(void (*said)(void *data, const char *part,
			 enum verdict verdict, const char *text),
    void *data)
{
	const struct examine e = {.say = said, .data = data};
	char *home = find_home();

	examine_launcher(&e, home);
	examine_worker(&e, home);
	examine_shim(&e, home);
	examine_state(&e);
	free(home);
}
