#include "wrap/attempt/already_tracked.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "journal/index.h"
#include "mapping/names.h"
#include "watcher/tail.h"
#include "watcher/watcher.h"
#include "wrap/attempt/past.h"
#include "journal/health.h"
#include "journal/pending_of.h"

struct search {
	struct tracked *result;
	const struct target *targets;
	const char *state_dir;
	const char *run_dir;              /* bytes, as named */
	char *real;                       /* of the run directory, bytes */
	struct watcher_identity identity; /* likewise */
	int64_t bytes; /* of the whole lines now; -1: not read yet */
	uint32_t crc;
};

static void
ignore_line(const char *line, size_t len, int64_t end, bool alone, void *data)
{
	(void)line;
	(void)len;
	(void)end;
	(void)alone;
	(void)data;
}

static void
note_failure(struct search *s, const struct err *err)
{
	if (s->result->failed.code == 0)
		s->result->failed = *err;
}

/* Notes that a journal, a cursor or the index could not be looked at. */
static void
could_not_look(struct search *s, int result, const struct err *err)
{
	if (journals_may_be_read_later(result))
		note_failure(s, err);
}

/* Measures length and checksum of the records as they are now. */
static void
measure(struct search *s)
{
	struct watcher_stamp manifest;
	struct err err = ERR_INIT;
	struct tail tail;
	int fd, result;

	if (s->bytes >= 0)
		return;
	fd = open(s->real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		err_errno(&err, "%s", s->real);
		note_failure(s, &err);
		return;
	}
	tail_init(&tail);
	tail.find = true;
	result =
	    tail_read_all(&tail, fd, RECORDS_FILE, ignore_line, NULL, &err);
	manifest = watcher_stamp(s->real, MANIFEST_FILE);
	if (manifest.code < 0)
		result = err_set(&err, manifest.code, MANIFEST_FILE ": %s",
		    strerror(-manifest.code));
	if (file_is_unknown(result)) {
		err_prefix(&err, "%s", s->real);
		note_failure(s, &err);
	}
	tail_end(&tail, manifest.there, ignore_line, NULL);
	s->bytes = tail.offset;
	s->crc = tail.crc;
	tail_release(&tail);
	close(fd);
}

/* Is it the directory that was tracked? Its path may lead there by another way,
 * or it was moved since: then its inode and its birth are the same. A file
 * system that tells no births may give an inode to another directory. */
static bool
same_directory(
    struct search *s, const char *run_dir_text, int64_t inode, int64_t birth_ns)
{
	char *path = text_path_bytes(run_dir_text);
	struct err err = ERR_INIT;
	struct stat st;
	bool same = strcmp(path, s->real) == 0;
	int there = same ? 1 : file_look(AT_FDCWD, path, 0, &st, &err);

	if (there < 0)
		note_failure(s, &err);
	else if (there > 0 && !same)
		same = st.st_dev == s->identity.device &&
		    st.st_ino == s->identity.inode;
	free(path);
	return same || watcher_identity_proves(&s->identity, inode, birth_ns);
}

/* Does the tracked output still exist? If a directory was deleted, the run is
 * to be tracked again; a server is not asked. Some places are commands: then
 * the destination has the directory. */
static bool
is_there(struct search *s, const char *place, const char *destination)
{
	struct err err = ERR_INIT;
	const char *text = place[0] == '/' ? place : destination;
	char *first = xstrndup(text, strcspn(text, "\t"));
	char *path = text_path_bytes(first);
	int there = path == NULL || path[0] != '/'
	    ? 1
	    : file_look(AT_FDCWD, path, 0, NULL, &err);

	if (there < 0)
		note_failure(s, &err);
	free(path);
	free(first);
	return there > 0;
}

/* Is it the same place? If one of the two does not say where it goes, nobody
 * knows. */
static bool
same_place(struct search *s, const struct target *target, const char *known)
{
	struct err err = ERR_INIT;

	if (target->destination != NULL && known != NULL)
		return strcmp(target->destination, known) == 0;
	err_set(&err, -ENODATA, "where its run of %s goes is not known",
	    target->tracker);
	note_failure(s, &err);
	return false;
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct search *s = data;

	if (!same_directory(s, e->run_dir, e->dir_inode, e->dir_birth_ns))
		return true;
	measure(s);
	if (s->bytes != e->records_bytes || s->crc != e->records_crc32c)
		return true;
	s->result->delivered_us = e->started_us;
	s->result->delivered_end_us = e->ended_us;
	for (size_t i = 0; i < s->result->len; i++)
		for (size_t k = 0; k < e->place_len; k++) {
			const char *tracker = s->targets[i].tracker;

			if (s->result->has[i] ||
			    strcmp(e->places[k].name, tracker) != 0 ||
			    !same_place(s, &s->targets[i],
				index_entry_destination(e, tracker)) ||
			    !is_there(s, e->places[k].text,
				s->targets[i].destination))
				continue;
			s->result->has[i] = true;
			s->result->places[i] = xstrdup(e->places[k].text);
			s->result->count++;
		}
	return true;
}

/* Are the records now those of the journal? While its run has no end they may
 * have grown. */
static bool
same_records(struct search *s, const struct attempt_past *past)
{
	struct err err = ERR_INIT;
	int fits;

	if (!past->ended) {
		fits = attempt_past_fits(past, s->real, &err);
		if (fits < 0)
			note_failure(s, &err);
		return fits > 0;
	}
	measure(s);
	return s->bytes == past->records_bytes &&
	    s->crc == past->records_crc32c;
}

/* Does the undelivered run go there? A sync may have been given another
 * destination than the start entry has. */
static bool
goes_there(struct search *s, const char *attempt, const struct target *recorded,
    const struct target *wanted)
{
	struct err err = ERR_INIT;
	const char *moved = NULL;
	struct cursor c;
	bool same;
	int result;

	if (strcmp(recorded->tracker, wanted->tracker) != 0)
		return false;
	result =
	    cursor_read(s->state_dir, attempt, recorded->tracker, &c, &err);
	could_not_look(s, result, &err);
	if (result == 0)
		moved = cursor_get(&c, CURSOR_DESTINATION);
	same = same_place(
	    s, wanted, moved != NULL ? moved : recorded->destination);
	cursor_release(&c);
	return same;
}

static void
take_pending(struct search *s, const char *attempt, const struct entry *start,
    const struct attempt_past *past)
{
	const struct entry_start *its = &start->start;
	struct tracked *t = s->result;

	free(t->pending);
	t->pending = xstrdup(attempt);
	t->pending_live = journals_is_live(its);
	t->pending_unended = !past->ended;
	t->pending_watched = t->pending_live && t->pending_unended &&
	    its->source == SOURCE_IMPORT;
	t->pending_us = start->time_us;
	t->pending_end_us = past->ended ? past->ended_us : start->time_us;
	for (size_t i = 0; i < t->len; i++)
		for (size_t k = 0; k < its->target_len; k++) {
			if (t->has[i] ||
			    !goes_there(
				s, attempt, &its->targets[k], &s->targets[i]))
				continue;
			t->has[i] = true;
			t->count++;
		}
}

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct err err = ERR_INIT;
	struct attempt_past past;
	struct entry start;
	int result;

	/* The first entry alone tells most of them apart. */
	result = journals_start(s->state_dir, attempt, &start, &err);
	if (result < 0) {
		could_not_look(s, result, &err);
		return true;
	}
	if (!same_directory(s, start.start.run_dir, start.start.dir_inode,
		start.start.dir_birth_ns)) {
		entry_release(&start);
		return true;
	}
	entry_release(&start);
	result = attempt_past_peek(s->state_dir, attempt, &past, &start, &err);
	if (result < 0) {
		could_not_look(s, result, &err);
		return true;
	}
	if (same_records(s, &past))
		take_pending(s, attempt, &start, &past);
	attempt_past_release(&past);
	entry_release(&start);
	return true;
}

/* Returns false if the directory is not there: nothing is tracked of it
 * then. */
static bool
look_at_directory(struct search *s)
{
	struct err err = ERR_INIT;
	int result;

	s->real = realpath(s->run_dir, NULL);
	result = s->real == NULL
	    ? err_errno(&err, "%s", s->run_dir)
	    : watcher_identify(s->real, &s->identity, &err);
	if (result < 0 && !file_is_absent(result))
		note_failure(s, &err);
	return result == 0;
}

static void
search_all(struct search *s)
{
	char *path = text_path_text(s->run_dir);
	char *real = text_path_text(s->real);
	const struct directory_now now = {
	    .inode = (int64_t)s->identity.inode, .path = path, .real = real};
	struct err err = ERR_INIT;
	int result =
	    journals_each_of(s->state_dir, &now, each_pending, s, &err);

	could_not_look(s, result, &err);
	result = index_each_of(s->state_dir, &now, each_indexed, s, &err);
	could_not_look(s, result, &err);
	free(path);
	free(real);
}

void
tracked_find(struct tracked *t, const char *state_dir, const char *run_dir,
    const struct target *targets, size_t len)
{
	struct search s = {.result = t,
	    .targets = targets,
	    .state_dir = state_dir,
	    .run_dir = run_dir,
	    .bytes = -1};

	*t = (struct tracked){.len = len};
	t->has = xcalloc(len, sizeof *t->has);
	t->places = xcalloc(len, sizeof *t->places);
	if (look_at_directory(&s) && state_dir != NULL)
		search_all(&s);
	free(s.real);
}

void
tracked_release(struct tracked *t)
{
	for (size_t i = 0; i < t->len; i++)
		free(t->places[i]);
	free(t->places);
	free(t->has);
	free(t->pending);
}
