#include "wrap/worker/search/blind_spots.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"

/* The line of the report holds at most so much. */
#define TEXT_MAX_BYTES ((size_t)64 * 1024)

void
blind_spots_init(struct blind_spots *u, int64_t not_before_ns)
{
	*u = (struct blind_spots){.not_before_ns = not_before_ns};
}

void
blind_spots_release(struct blind_spots *u)
{
	for (size_t i = 0; i < BLIND_SPOTS_NAMED_MAX; i++)
		free(u->named[i]);
	*u = (struct blind_spots){0};
}

void
blind_spots_forget(struct blind_spots *u)
{
	int64_t not_before_ns = u->not_before_ns;

	blind_spots_release(u);
	u->not_before_ns = not_before_ns;
}

/* Takes the text over. One that is named already is not counted again. */
static void
put(struct blind_spots *u, char *text)
{
	size_t i;

	for (i = 0; i < BLIND_SPOTS_NAMED_MAX && u->named[i] != NULL; i++)
		if (strcmp(u->named[i], text) == 0) {
			free(text);
			return;
		}
	u->count++;
	if (i < BLIND_SPOTS_NAMED_MAX)
		u->named[i] = text;
	else
		free(text);
}

void
blind_spots_note(struct blind_spots *u, const char *path, int code)
{
	if (code < 0 && !file_is_absent(code))
		put(u, xasprintf("%s: %s", path, strerror(-code)));
}

static bool
may_have_got_a_run(const struct blind_spots *u, const char *dir)
{
	struct stat st;

	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0)
		return true;
	return file_stat_at(AT_FDCWD, dir, &st, 0) == 0 &&
	    st.st_uid == geteuid() && clock_ns(&st.st_ctim) >= u->not_before_ns;
}

void
blind_spots_note_dir(struct blind_spots *u, const char *dir, int code)
{
	if ((code != -EACCES && code != -EPERM) || may_have_got_a_run(u, dir))
		blind_spots_note(u, dir, code);
}

void
blind_spots_add(struct blind_spots *all, const struct blind_spots *u)
{
	size_t named = 0;

	for (; named < BLIND_SPOTS_NAMED_MAX && u->named[named] != NULL;
	     named++)
		put(all, xstrdup(u->named[named]));
	all->count += u->count - named;
}

void
blind_spots_report(const struct blind_spots *u, struct report *report)
{
	struct buf text;
	size_t named = 0;

	if (u->count == 0)
		return;
	buf_init(&text, TEXT_MAX_BYTES);
	for (; named < BLIND_SPOTS_NAMED_MAX && u->named[named] != NULL;
	     named++)
		buf_addf(&text, "%s%s", named > 0 ? "; " : "", u->named[named]);
	if (u->count > named)
		buf_addf(&text, "; and %zu more", u->count - named);
	report_say(report,
	    "a run may have been missed, because the search could not look "
	    "everywhere; itrack import tracks it: %s",
	    text.data);
	buf_release(&text);
}
