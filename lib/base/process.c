#include "base/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"

/* Between two looks at a child. */
#define WAIT_NAP_NS 1000000

/* Reads a small file of /proc; "" and a negative errno if it can't. */
static int
read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
	int result = n < 0 ? -errno : 0;

	text[n > 0 ? n : 0] = '\0';
	if (fd >= 0)
		close(fd);
	return result;
}

/* Its file can't be read. That alone says nothing: without /proc, or where /proc
 * hides the processes of others (hidepid) and this one has changed its user, there
 * is no file of a process that lives. But the kernel always says if there is none. */
static int
unread(pid_t pid)
{
	return kill(pid, 0) < 0 && errno == ESRCH ? 0 : -EACCES;
}

/* *start: 0: there is no such process. 0, or a negative errno: nobody could
 * look. The file is that of the process's first thread, which says the same as the
 * process's own: an emulator (qemu-user) makes up the latter for the process itself,
 * and the others see another one. */
static int
read_start(pid_t pid, int64_t *start)
{
	char path[64], text[1024];
	const char *at;
	int result;

	*start = 0;
	snprintf(
	    path, sizeof path, "/proc/%d/task/%d/stat", (int)pid, (int)pid);
	result = read_small(path, text, sizeof text);
	if (result < 0)
		return unread(pid);
	/* The second field, the name, may hold anything, blanks and brackets
	 * too, so we count from the last bracket. We want field 22. */
	at = strrchr(text, ')');
	/* A process that has ended and waits for its parent owns nothing any
	 * more. */
	if (at != NULL &&
	    (strncmp(at, ") Z", 3) == 0 || strncmp(at, ") X", 3) == 0))
		return 0;
	for (int field = 2; at != NULL && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	if (at != NULL)
		*start = strtoll(at, NULL, 10);
	return 0;
}

int64_t
process_start(pid_t pid)
{
	static _Thread_local struct {
		pid_t pid;
		int64_t start;
	} own;
	int64_t start;

	if (pid != getpid()) {
		read_start(pid, &start);
		return start;
	}
	if (own.pid != pid && read_start(pid, &own.start) == 0)
		own.pid = pid;
	return own.start;
}

char *
process_boot_id(void)
{
	static _Thread_local char text[64];

	if (text[0] == '\0') {
		read_small(
		    "/proc/sys/kernel/random/boot_id", text, sizeof text);
		text[strcspn(text, "\n")] = '\0';
	}
	return xstrdup(text);
}

char *
process_host(void)
{
	char text[256];

	if (gethostname(text, sizeof text) < 0)
		text[0] = '\0';
	text[sizeof text - 1] = '\0';
	return xstrdup(text);
}

/* The name of the user; NULL: the user has none. */
static char *
name_of(uid_t uid)
{
	struct passwd entry, *found = NULL;
	char text[4096];

	if (getpwuid_r(uid, &entry, text, sizeof text, &found) == 0 &&
	    found != NULL)
		return xstrdup(found->pw_name);
	return NULL;
}

char *
process_user(void)
{
	const char *variable = getenv("USER");
	char *name = name_of(getuid());

	if (name == NULL && variable != NULL)
		name = xstrdup(variable);
	return name != NULL ? name : xasprintf("%u", (unsigned)getuid());
}

char *
process_user_name(uid_t uid)
{
	char *name = name_of(uid);

	return name != NULL ? name : xasprintf("%u", (unsigned)uid);
}

char *
process_cwd(void)
{
	char *cwd = getcwd(NULL, 0);

	return cwd != NULL ? cwd : xstrdup("");
}

bool
process_is_gone(pid_t pid, int64_t start)
{
	int64_t now;

	if (pid == getpid())
		now = process_start(pid);
	else if (read_start(pid, &now) < 0)
		return false;
	else if (now == 0)
		return true;
	return now != 0 && start != 0 && now != start;
}

/* The host's name says so; where we don't know our own, the kernel's boot ID. */
static bool
is_this_host(const char *host, const char *boot_id, const char *our_host,
    const char *our_boot_id)
{
	return our_host[0] != '\0' ? strcmp(host, our_host) == 0
				   : strcmp(boot_id, our_boot_id) == 0;
}

bool
process_may_be_alive(
    const char *host, const char *boot_id, int64_t pid, int64_t start)
{
	char *our_host = process_host();
	char *our_boot_id = process_boot_id();
	bool alive = true;

	if (host == NULL || boot_id == NULL)
		alive = false;
	else if (is_this_host(host, boot_id, our_host, our_boot_id))
		alive = strcmp(boot_id, our_boot_id) == 0 && pid > 0 &&
		    start != 0 && !process_is_gone((pid_t)pid, start);
	free(our_host);
	free(our_boot_id);
	return alive;
}

/* The limit is 1, not 0: where core_pattern is a pipe, the kernel heeds no
 * other limit. One byte is too little for a core file. */
pid_t
process_wait(pid_t pid, int *status, int64_t limit_ms)
{
	const struct timespec nap = {.tv_nsec = WAIT_NAP_NS};
	int64_t until_ms = clock_mono_ms() + limit_ms;
	pid_t ended;

	while ((ended = waitpid(pid, status, WNOHANG)) == 0 &&
	    clock_mono_ms() < until_ms)
		nanosleep(&nap, NULL);
	return ended < 0 ? -errno : ended;
}

void
process_no_core(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) < 0 || limit.rlim_max == 0)
		return;
	limit.rlim_cur = 1;
	setrlimit(RLIMIT_CORE, &limit);
}

void
process_many_descriptors(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

/* A child belongs to the thread that made it, so we ask every thread. */
static bool
thread_has_children(int tasks, const char *thread)
{
	char path[64], byte;
	bool has;
	int fd;

	if (*thread == '.')
		return false;
	snprintf(path, sizeof path, "%.32s/children", thread);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	has = read(fd, &byte, 1) == 1;
	close(fd);
	return has;
}

bool
process_has_children(pid_t pid)
{
	const struct dirent *d;
	char path[64];
	bool has = false;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	while (tasks != NULL && !has && (d = readdir(tasks)) != NULL)
		has = thread_has_children(dirfd(tasks), d->d_name);
	if (tasks != NULL)
		closedir(tasks);
	return has;
}

char *
process_name(pid_t pid)
{
	char path[64], text[64];

	snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
	read_small(path, text, sizeof text);
	text[strcspn(text, "\n")] = '\0';
	return text[0] != '\0' ? xstrdup(text) : NULL;
}
