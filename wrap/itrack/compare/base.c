#include "wrap/itrack/compare/base.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"
#include "journal/index.h"
#include "journal/journal.h"
#include "journal/health.h"
#include "journal/state_dir.h"
#include "watcher/watcher.h"
#include "wrap/attempt/past.h"
#include "wrap/itrack/print.h"

/* An attempt, of the index or with a journal. Texts. */
struct known {
	char *attempt, *run_dir, *project;
	char *config_path; /* NULL: not known */
	char *copy;        /* where the local tracker has it; NULL: nowhere */
	int64_t inode, birth_ns;
	bool pending; /* what follows is known only when its journal is read */
	bool finished;
	int64_t ended_us;
	int64_t records_bytes;
	uint32_t records_crc32c;
};

struct search {
	char *state_dir;
	struct known *list;
	size_t len;
	struct watcher_identity *compared; /* the directories */
	char *const *dirs;
	size_t dir_len;
};

static char *
copy_of(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

static struct known *
add(struct search *s)
{
	s->list = xreallocarray(s->list, s->len + 1, sizeof s->list[0]);
	s->list[s->len] = (struct known){0};
	return &s->list[s->len++];
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct known *k = add(data);

	*k = (struct known){.attempt = xstrdup(e->attempt),
	    .run_dir = xstrdup(e->run_dir),
	    .project = copy_of(e->project),
	    .config_path = copy_of(e->config_path),
	    .inode = e->dir_inode,
	    .birth_ns = e->dir_birth_ns,
	    .finished = e->status == RUN_FINISHED,
	    .ended_us = e->ended_us,
	    .records_bytes = e->records_bytes,
	    .records_crc32c = (uint32_t)e->records_crc32c};
	k->copy = copy_of(pairs_get(e->places, e->place_len, "local"));
	return true;
}

static void
note(const char *attempt, const struct err *err)
{
	fprintf(stderr, "itrack compare: %s is passed over: ", attempt);
	print_escaped(err->message, stderr);
	fputc('\n', stderr);
}

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct err err = ERR_INIT;
	struct entry start;
	int r = journals_start(s->state_dir, attempt, &start, &err);

	/* An attempt without an entry is just being made or removed. */
	if (r < 0 && r != -ENOENT && r != -ENODATA)
		note(attempt, &err);
	if (r < 0)
		return true;
	*add(s) = (struct known){.attempt = xstrdup(attempt),
	    .run_dir = xstrdup(start.start.run_dir),
	    .project = copy_of(start.start.project),
	    .config_path = copy_of(start.start.config_path),
	    .inode = start.start.dir_inode,
	    .birth_ns = start.start.dir_birth_ns,
	    .pending = true};
	entry_release(&start);
	return true;
}

/* An attempt that is being removed stands in the index already. */
static int
read_all(struct search *s, struct err *err)
{
	int r;

	s->state_dir = state_dir_path();
	if (s->state_dir == NULL)
		return err_set(err, -ENOENT,
		    "there is no state directory: set HOME or XDG_STATE_HOME");
	r = state_each(s->state_dir, each_pending, s, err);
	return r < 0 ? r : index_each(s->state_dir, each_indexed, s, err);
}

/* Has the run of a pending attempt ended, and how? */
static void
read_end(struct search *s, struct known *k)
{
	struct attempt_past past;
	struct err err = ERR_INIT;
	struct entry start;

	if (!k->pending)
		return;
	k->pending = false;
	if (attempt_past_peek(s->state_dir, k->attempt, &past, &start, &err) <
	    0) {
		note(k->attempt, &err);
		return;
	}
	k->finished = past.ended && past.status == RUN_FINISHED;
	k->ended_us = past.ended_us;
	k->records_bytes = past.records_bytes;
	k->records_crc32c = past.records_crc32c;
	attempt_past_release(&past);
	entry_release(&start);
}

static bool
may_be_directory(const struct known *k, const struct watcher_identity *identity)
{
	return k->inode == 0 ||
	    watcher_identity_fits(identity, k->inode, k->birth_ns);
}

static bool
is_directory(const struct known *k, const char *dir,
    const struct watcher_identity *identity)
{
	char *real, *text;
	bool same;

	if (watcher_identity_proves(identity, k->inode, k->birth_ns))
		return true;
	if (!may_be_directory(k, identity))
		return false;
	real = path_real(dir, NULL);
	text = text_path_text(real != NULL ? real : dir);
	same = strcmp(text, k->run_dir) == 0;
	free(text);
	free(real);
	return same;
}

/* Is the records' beginning in the directory what the attempt has read? */
static bool
holds(const struct known *k, const char *dir, struct err *why)
{
	const struct attempt_past past = {.records_bytes = k->records_bytes,
	    .records_crc32c = k->records_crc32c};

	return dir != NULL && attempt_past_fits(&past, dir, why) > 0;
}

/* Where no birth tells it, a directory with the same inode and the same records is
 * taken for the attempt's, which was moved: no run is compared with itself. */
static bool
is_compared(struct search *s, struct known *k)
{
	struct err err = ERR_INIT;

	for (size_t i = 0; i < s->dir_len; i++) {
		const struct watcher_identity *identity = &s->compared[i];

		if (is_directory(k, s->dirs[i], identity))
			return true;
		if (!may_be_directory(k, identity) || k->inode == 0)
			continue;
		read_end(s, k);
		if (holds(k, s->dirs[i], &err))
			return true;
	}
	return false;
}

/* NULL: neither its directory nor a copy is there. */
static char *
place_of(struct search *s, struct known *k)
{
	struct err why = ERR_INIT;
	char *dir = text_path_bytes(k->run_dir), *copy, *artifacts;

	read_end(s, k);
	if (holds(k, dir, &why))
		return dir;
	free(dir);
	copy = k->copy != NULL ? text_path_bytes(k->copy) : NULL;
	artifacts = copy != NULL ? path_join(copy, "artifacts") : NULL;
	free(copy);
	if (holds(k, artifacts, &why))
		return artifacts;
	free(artifacts);
	if (why.code == 0)
		err_set(&why, -ENOENT,
		    "its records are no longer in %s, and there is no copy of "
		    "the local tracker",
		    k->run_dir);
	note(k->attempt, &why);
	return NULL;
}

/* The name of the configuration file without its ending; *len: of so many bytes. */
static const char *
stem_of(const struct known *k, size_t *len)
{
	const char *name =
		       k->config_path != NULL ? path_base(k->config_path) : "",
		   *dot = strrchr(name, '.');

	*len = dot != NULL && dot != name ? (size_t)(dot - name) : strlen(name);
	return name;
}

static bool
is_like(const struct known *a, const struct known *b)
{
	size_t a_len, b_len;
	const char *a_stem = stem_of(a, &a_len), *b_stem = stem_of(b, &b_len);

	return a->project != NULL && b->project != NULL &&
	    strcmp(a->project, b->project) == 0 && a_len == b_len &&
	    memcmp(a_stem, b_stem, a_len) == 0;
}

/* The newest attempt of the first directory. */
static const struct known *
own_attempt(const struct search *s)
{
	const struct known *own = NULL;

	for (size_t i = 0; i < s->len; i++)
		if (is_directory(&s->list[i], s->dirs[0], &s->compared[0]) &&
		    (own == NULL ||
			strcmp(s->list[i].attempt, own->attempt) > 0))
			own = &s->list[i];
	return own;
}

static struct known *
newest(struct search *s, const struct known *own, const bool *tried)
{
	struct known *found = NULL;

	for (size_t i = 0; i < s->len; i++) {
		struct known *k = &s->list[i];

		if (tried[i] || !is_like(k, own) || is_compared(s, k))
			continue;
		read_end(s, k);
		if (k->finished &&
		    (found == NULL || k->ended_us > found->ended_us))
			found = k;
	}
	return found;
}

static int
find_last(struct search *s, char **dir, char **attempt, struct err *err)
{
	const struct known *own = own_attempt(s);
	bool *tried;
	struct known *k;
	size_t len;
	const char *stem;

	if (own == NULL)
		return err_set(err, -ENOENT,
		    "--base last: %s is not tracked here, so nothing says "
		    "which "
		    "run was the one before: name a directory or an attempt",
		    s->dirs[0]);
	tried = xcalloc(s->len, sizeof tried[0]);
	while (*dir == NULL && (k = newest(s, own, tried)) != NULL) {
		tried[k - s->list] = true;
		*dir = place_of(s, k);
		if (*dir != NULL)
			*attempt = xstrdup(k->attempt);
	}
	free(tried);
	if (*dir != NULL)
		return 0;
	stem = stem_of(own, &len);
	return err_set(err, -ENOENT,
	    "--base last: there is no other finished run of the project "
	    "%s%s%.*s "
	    "whose records are there",
	    own->project, len > 0 ? " and the configuration " : "", (int)len,
	    stem);
}

static int
find_attempt(struct search *s, const char *name, char **dir, char **attempt,
    struct err *err)
{
	for (size_t i = 0; i < s->len; i++) {
		if (strcmp(s->list[i].attempt, name) != 0)
			continue;
		*dir = place_of(s, &s->list[i]);
		if (*dir == NULL)
			return err_set(err, -ENOENT,
			    "%s: its records are not there any more", name);
		*attempt = xstrdup(name);
		return 0;
	}
	return err_set(
	    err, -ENOENT, "%s: no such attempt (itrack status --all)", name);
}

static void
release(struct search *s)
{
	for (size_t i = 0; i < s->len; i++) {
		free(s->list[i].attempt);
		free(s->list[i].run_dir);
		free(s->list[i].project);
		free(s->list[i].config_path);
		free(s->list[i].copy);
	}
	free(s->list);
	free(s->compared);
	free(s->state_dir);
}

static int
identify(struct search *s, struct err *err)
{
	int r = 0;

	s->compared = xcalloc(s->dir_len, sizeof s->compared[0]);
	for (size_t i = 0; i < s->dir_len && r == 0; i++)
		r = watcher_identify(s->dirs[i], &s->compared[i], err);
	return r;
}

int
base_find(const char *ref, char *const *dirs, size_t len, char **dir,
    char **attempt, struct err *err)
{
	struct search s = {.dirs = dirs, .dir_len = len};
	bool last = len > 0 && strcmp(ref, BASE_LAST) == 0;
	int r;

	*dir = *attempt = NULL;
	if (!last && (!state_is_attempt(ref) || access(ref, F_OK) == 0)) {
		*dir = xstrdup(ref);
		return 0;
	}
	r = read_all(&s, err);
	if (r == 0 && last)
		r = identify(&s, err);
	if (r == 0)
		r = last ? find_last(&s, dir, attempt, err)
			 : find_attempt(&s, ref, dir, attempt, err);
	release(&s);
	return r;
}
