#include "wrap/worker/announced.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static void
drop(struct announced *a, size_t i)
{
	a->len--;
	memmove(a->dirs + i, a->dirs + i + 1, (a->len - i) * sizeof *a->dirs);
	memmove(a->writers + i, a->writers + i + 1,
	    (a->len - i) * sizeof *a->writers);
}

void
announced_add(struct announced *a, const char *dir, pid_t writer)
{
	announced_remove(a, dir);
	if (a->len == ANNOUNCED_MAX) {
		free(a->dirs[0]);
		drop(a, 0);
	}
	a->dirs[a->len] = xstrdup(dir);
	a->writers[a->len++] = writer;
}

void
announced_remove(struct announced *a, const char *dir)
{
	for (size_t i = 0; i < a->len; i++)
		if (strcmp(a->dirs[i], dir) == 0) {
			free(a->dirs[i]);
			drop(a, i);
			return;
		}
}

bool
announced_take(struct announced *a, char **dir, pid_t *writer)
{
	if (a->len == 0)
		return false;
	*dir = a->dirs[0];
	*writer = a->writers[0];
	drop(a, 0);
	return true;
}

void
announced_release(struct announced *a)
{
	for (size_t i = 0; i < a->len; i++)
		free(a->dirs[i]);
	a->len = 0;
}
