#include "wrap/worker/mounts.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* A line of mountinfo: what is mounted (a part of a file system), and where. */
struct mount {
	char device[32];
	char *root, *point;
};

/* \ooo stands for a blank, a tab, a newline or a backslash. */
static void
decode(char *text)
{
	char *to = text;

	for (const char *at = text; *at != '\0'; to++) {
		unsigned byte;

		if (*at == '\\' && sscanf(at + 1, "%3o", &byte) == 1) {
			*to = (char)byte;
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

static bool
parse(struct mount *m, char *line)
{
	char *at = line, *word;

	for (int i = 0; i < 5; i++) {
		word = strsep(&at, " ");
		if (word == NULL || at == NULL)
			return false;
		if (i == 2)
			snprintf(m->device, sizeof m->device, "%s", word);
		else if (i == 3)
			m->root = word;
		else if (i == 4)
			m->point = word;
	}
	decode(m->root);
	decode(m->point);
	return true;
}

/* Returns what stands behind `top` in the path, with its slash; NULL if the
 * path is not below. */
static const char *
behind(const char *path, const char *top)
{
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);

	if (strncmp(path, top, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0'))
		return NULL;
	return path + len;
}

static char *
join(const char *top, const char *rest)
{
	return xasprintf("%s%s", strcmp(top, "/") == 0 ? "" : top, rest);
}

static FILE *
open_mounts(pid_t pid)
{
	char path[64];

	if (pid == 0)
		snprintf(path, sizeof path, "/proc/self/mountinfo");
	else
		snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)pid);
	return fopen(path, "re");
}

/* Finds the file system of a path, and where it is in there. The last mount on
 * the longest point counts. */
static char *
find_within(pid_t pid, const char *path, char device[32])
{
	FILE *f = open_mounts(pid);
	char *line = NULL, *within = NULL;
	size_t size = 0, longest = 0;
	struct mount m;

	while (f != NULL && getline(&line, &size, f) > 0) {
		const char *rest =
		    parse(&m, line) ? behind(path, m.point) : NULL;

		if (rest == NULL || strlen(m.point) < longest)
			continue;
		longest = strlen(m.point);
		free(within);
		within = join(m.root, rest);
		memcpy(device, m.device, sizeof m.device);
	}
	free(line);
	if (f != NULL)
		fclose(f);
	return within;
}

char *
mounts_path_of_ours(pid_t pid, const char *path)
{
	char device[32] = "", *line = NULL, *ours = NULL;
	char *within = find_within(pid, path, device);
	FILE *f = within != NULL ? open_mounts(0) : NULL;
	size_t size = 0;
	struct mount m;

	while (f != NULL && ours == NULL && getline(&line, &size, f) > 0) {
		const char *rest;

		if (!parse(&m, line) || strcmp(m.device, device) != 0)
			continue;
		rest = behind(within, m.root);
		if (rest != NULL)
			ours = join(m.point, rest);
	}
	free(line);
	if (f != NULL)
		fclose(f);
	free(within);
	return ours;
}
