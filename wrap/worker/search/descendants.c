#include "wrap/worker/search/descendants.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/die.h"
#include "base/process.h"
#include "wrap/shim/message.h"
#include "wrap/worker/proc.h"

/* An itrack-wrap tracks what it wraps, even where it can't say so. */
#define LAUNCHER_NAME "itrack-wrap"

void
descendants_init(struct descendants *d, pid_t command, const char *socket)
{
	*d =
	    (struct descendants){.command = command, .socket = xstrdup(socket)};
	d->was_blind = access("/proc/self/stat", F_OK) < 0;
	descendants_add(d, command);
}

void
descendants_release(struct descendants *d)
{
	for (size_t i = 0; i < d->len; i++)
		free(d->list[i].cwd);
	free(d->list);
	free(d->socket);
	*d = (struct descendants){0};
}

static struct descendant *
find(const struct descendants *d, pid_t pid)
{
	for (size_t i = 0; i < d->len; i++)
		if (d->list[i].pid == pid)
			return &d->list[i];
	return NULL;
}

static void
note(struct descendants *d, int code)
{
	if (code < 0 && !proc_is_closed(code))
		d->failed = code;
}

static bool
is_launcher(pid_t pid)
{
	char *name = process_name(pid);
	bool is = name != NULL && strcmp(name, LAUNCHER_NAME) == 0;

	free(name);
	return is;
}

static void
add(struct descendants *d, pid_t pid, pid_t parent)
{
	int64_t start;

	if (pid <= 1 || pid == getpid() || find(d, pid) != NULL)
		return;
	start = process_start(pid);
	if (start == 0 || is_launcher(pid))
		return;
	if (d->len == DESCENDANTS_MAX) {
		d->passed = true;
		return;
	}
	d->list = xgrow(d->list, d->len, &d->cap, sizeof *d->list);
	d->list[d->len++] = (struct descendant){
	    .pid = pid, .parent = parent, .start = start, .there = true};
}

void
descendants_add(struct descendants *d, pid_t pid)
{
	add(d, pid, 0);
}

/* Removes the processes that are gone, which makes room for others. */
static void
forget_gone(struct descendants *d)
{
	size_t kept = 0;

	for (size_t i = 0; i < d->len; i++) {
		struct descendant *p = &d->list[i];

		p->there = process_start(p->pid) == p->start;
		if (p->there)
			d->list[kept++] = *p;
		else
			free(p->cwd);
	}
	d->len = kept;
}

/* Adds the processes that `children` of one thread lists. Returns false if it
 * can't be opened. */
static bool
add_children_of(struct descendants *d, int tasks, const char *thread, pid_t pid)
{
	char path[64], text[4096 + 1];
	size_t have = 0;
	ssize_t got;
	int fd;

	snprintf(path, sizeof path, "%.32s/children", thread);
	fd = openat(tasks, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	while ((got = read(fd, text + have, sizeof text - 1 - have)) > 0) {
		char *at = text, *end;

		have += (size_t)got;
		text[have] = '\0';
		/* Each number has a blank behind it; one that was cut has
		 * none. */
		while ((end = strchr(at, ' ')) != NULL) {
			add(d, (pid_t)strtol(at, NULL, 10), pid);
			at = end + 1;
		}
		have -= (size_t)(at - text);
		memmove(text, at, have);
	}
	close(fd);
	return true;
}

/* Returns false if the kernel has no such lists. */
static bool
add_children(struct descendants *d, pid_t pid)
{
	const struct dirent *thread;
	char path[64];
	bool has = true;
	DIR *tasks;

	snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
	tasks = opendir(path);
	if (tasks == NULL) {
		note(d, -errno);
		return true;
	}
	while ((thread = readdir(tasks)) != NULL)
		if (thread->d_name[0] != '.' &&
		    !add_children_of(d, dirfd(tasks), thread->d_name, pid) &&
		    errno == ENOENT &&
		    faccessat(dirfd(tasks), thread->d_name, F_OK, 0) == 0)
			has = false;
	closedir(tasks);
	return has;
}

static int
add_if_child(pid_t pid, void *data)
{
	struct descendants *d = data;
	pid_t parent = proc_parent(pid);

	if (parent > 1 && find(d, parent) != NULL)
		add(d, pid, parent);
	return 0;
}

void
descendants_read(struct descendants *d)
{
	forget_gone(d);
	/* The list grows meanwhile. */
	for (size_t i = 0; i < d->len; i++)
		if (!add_children(d, d->list[i].pid)) {
			note(d, proc_each(add_if_child, d));
			return;
		}
}

/* Adds a process that has our variable, but none of another user, who may have
 * given it the same. */
static int
add_if_named(pid_t pid, void *data)
{
	struct descendants *d = data;
	struct proc_words environment;
	const char *value;
	int result;

	if (find(d, pid) != NULL)
		return 0;
	result = proc_words_read(&environment, pid, "environ");
	if (result == 0) {
		value = proc_variable(MESSAGE_SOCKET_VARIABLE, &environment);
		if (value != NULL && strcmp(value, d->socket) == 0 &&
		    proc_user(pid) == (uid_t)syscall(SYS_getuid))
			add(d, pid, 0);
	}
	/* proc.c reads no more than its limit, which is no failure. */
	if (result != -EMSGSIZE)
		note(d, result);
	proc_words_release(&environment);
	return 0;
}

void
descendants_read_named(struct descendants *d)
{
	int before = d->failed;

	d->failed = 0;
	if (d->socket[0] != '\0')
		note(d, proc_each(add_if_named, d));
	d->failed_named = d->failed;
	d->failed = before;
}

bool
descendants_have(const struct descendants *d, pid_t pid)
{
	return find(d, pid) != NULL || proc_is_below(pid, d->command);
}

bool
descendants_have_user(const struct descendants *d, uid_t user)
{
	if (geteuid() == 0 || user == geteuid())
		return true;
	for (size_t i = 0; i < d->user_len; i++)
		if (d->users[i] == user)
			return true;
	return false;
}

void
descendants_note_user(struct descendants *d, pid_t pid)
{
	uid_t user = proc_user(pid);

	if (user != (uid_t)-1 && !descendants_have_user(d, user) &&
	    d->user_len < DESCENDANTS_USERS_MAX)
		d->users[d->user_len++] = user;
}
