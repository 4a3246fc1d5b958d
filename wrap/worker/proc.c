#include "wrap/worker/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"

/* Processes above each other; a longer chain is a loop in the making. */
#define ANCESTORS_MAX 1000
/* Arguments or environment of one process: an eighth of what Linux allows by
 * default. Of what is longer nothing is known. */
#define WORDS_MAX_BYTES (256 * 1024)

pid_t
proc_parent(pid_t pid)
{
	char path[64], text[512];
	const char *bracket;
	ssize_t n;
	int fd, parent = 0;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof text - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	/* The name before it may hold anything. */
	bracket = strrchr(text, ')');
	if (bracket == NULL || sscanf(bracket + 1, " %*c %d", &parent) != 1)
		return 0;
	return parent;
}

bool
proc_is_below(pid_t pid, pid_t ancestor)
{
	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (pid == ancestor)
			return true;
		pid = proc_parent(pid);
	}
	return false;
}

static void
split(struct proc_words *w)
{
	char *at = w->text.data, *end = w->text.data + w->text.len;
	int cap = 0;

	while (at < end) {
		if (w->count + 1 >= cap) {
			cap = cap > 0 ? cap * 2 : 32;
			w->words = xreallocarray(
			    w->words, (size_t)cap, sizeof *w->words);
		}
		w->words[w->count++] = at;
		w->words[w->count] = NULL;
		at += strlen(at) + 1;
	}
}

int
proc_words_read(struct proc_words *w, pid_t pid, const char *file)
{
	char path[64];
	int fd, result;

	*w = (struct proc_words){0};
	buf_init(&w->text, WORDS_MAX_BYTES);
	snprintf(path, sizeof path, "/proc/%d/%.32s", (int)pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = file_read_rest(fd, path, &w->text, NULL);
	close(fd);
	if (result < 0)
		return result;
	split(w);
	return 0;
}

void
proc_words_release(struct proc_words *w)
{
	free(w->words);
	buf_release(&w->text);
	*w = (struct proc_words){0};
}

const char *
proc_variable(const char *name, void *words)
{
	const struct proc_words *w = words;
	size_t len = strlen(name);

	for (int i = 0; i < w->count; i++)
		if (strncmp(w->words[i], name, len) == 0 &&
		    w->words[i][len] == '=')
			return w->words[i] + len + 1;
	return NULL;
}

char *
proc_link(pid_t pid, const char *name)
{
	static const char gone[] = " (deleted)";
	char path[64], target[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof path, "/proc/%d/%.32s", (int)pid, name);
	len = readlink(path, target, sizeof target - 1);
	if (len <= 0 || (size_t)len >= sizeof target - 1)
		return NULL;
	target[len] = '\0';
	if ((size_t)len > strlen(gone) &&
	    strcmp(target + len - strlen(gone), gone) == 0)
		return NULL;
	return xstrdup(target);
}
