#include "wrap/attempt/remembered.h"

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "journal/index.h"
#include "mapping/names.h"
#include "watcher/tail.h"
#include "watcher/watcher.h"
#include "wrap/attempt/past.h"
#include "journal/list.h"
#include "journal/list_of.h"

struct search {
	struct tracked *result;
	const struct target *targets;
	const char *state_dir;
	const char *run_dir; /* bytes, as named */
	const char *project;
	char *real;     /* of the run directory, bytes */
	struct stat st; /* likewise */
	int64_t bytes;  /* of the whole lines now; -1: not read yet */
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

/* Length and checksum of the records as they are now. */
static void
measure(struct search *s)
{
	int fd = open(s->real, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tail tail;

	if (s->bytes >= 0 || fd < 0)
		return;
	tail_init(&tail);
	tail.find = true;
	while (tail_read(&tail, fd, RECORDS_FILE, ignore_line, NULL, NULL) ==
	    TAIL_MORE)
		;
	tail_end(&tail, watcher_stamp(s->real, MANIFEST_FILE).there,
	    ignore_line, NULL);
	s->bytes = tail.offset;
	s->crc = tail.crc;
	tail_release(&tail);
	close(fd);
}

/* Asked for every line of the index: by inode, which is one system call. */
static bool
same_directory(const struct search *s, const char *run_dir_text)
{
	char *path = text_path_bytes(run_dir_text);
	struct stat st;
	bool same = strcmp(path, s->real) == 0 ||
	    (stat(path, &st) == 0 && st.st_dev == s->st.st_dev &&
		st.st_ino == s->st.st_ino);

	free(path);
	return same;
}

/* The directory that a tracker with a directory of its own would put a run in
 * now, bytes; NULL: it is not one of these. */
static char *
directory_of(
    const struct search *s, const struct target *target, const char *run_dir)
{
	bool local = strcmp(target->tracker, "local") == 0;
	const char *option = local ? "local-dir" : "tensorboard-dir";
	char *base = NULL, *component, *parent, *dir;

	if (!local && strcmp(target->tracker, "tensorboard") != 0)
		return NULL;
	for (size_t i = 0; i < target->option_len; i++)
		if (strcmp(target->options[i].name, option) == 0)
			base = text_path_bytes(target->options[i].text);
	if (base == NULL) {
		parent = path_parent(run_dir);
		base = path_join(
		    parent, local ? "tracking" : "tracking/tensorboard");
		free(parent);
	}
	component = path_encode(s->project);
	dir = path_join(base, component);
	free(component);
	free(base);
	return dir;
}

/* Is `place` an existing directory in `dir`? One that was deleted is to be
 * made again. */
static bool
is_in_directory(const char *place, const char *dir)
{
	char *path = text_path_bytes(place), *parent = path_parent(path);
	char *there = realpath(parent, NULL), *here = realpath(dir, NULL);
	bool same = access(path, F_OK) == 0 && there != NULL && here != NULL &&
	    strcmp(there, here) == 0;

	free(here);
	free(there);
	free(parent);
	free(path);
	return same;
}

/* What is said of MLflow's file store: how to look at it, its directory last.
 */
#define STORE_COMMAND " --backend-store-uri "

static bool
is_store_command(const char *place)
{
	return strstr(place, STORE_COMMAND "/") != NULL;
}

static bool
same_file(const char *a, const char *b)
{
	struct stat x, y;

	return stat(a, &x) == 0 && stat(b, &y) == 0 && x.st_dev == y.st_dev &&
	    x.st_ino == y.st_ino;
}

/* Does the command show the store that `uri` names, by whatever name, and is
 * that still there? */
static bool
shows_store(const char *place, const char *uri)
{
	bool is_uri = strncmp(uri, "file:", strlen("file:")) == 0;
	char *plain = xstrdup(is_uri ? uri + strlen("file:") : uri);
	char *shown = text_path_bytes(
	    strstr(place, STORE_COMMAND) + strlen(STORE_COMMAND));
	const char *path = plain;
	bool same;

	if (is_uri)
		uri_unescape(plain);
	if (strncmp(path, "//", 2) == 0)
		path += strcspn(path + 2, "/") + 2; /* "" or localhost */
	same = shown != NULL && same_file(shown, path);
	free(shown);
	free(plain);
	return same;
}

/* Is `place` below the destination that the target names now? `run_dir_text`
 * is how the run directory was called then: "beside it" may be beside a
 * symbolic link. */
static bool
same_destination(const struct search *s, const struct target *target,
    const char *run_dir_text, const char *place)
{
	char *dir = directory_of(s, target, s->run_dir);
	bool same;

	if (dir != NULL) {
		char *then = text_path_bytes(run_dir_text);
		char *dir_then = directory_of(s, target, then);

		same = is_in_directory(place, dir) ||
		    is_in_directory(place, dir_then);
		free(dir_then);
		free(then);
		free(dir);
		return same;
	}
	for (size_t i = 0; i < target->option_len; i++) {
		const char *name = target->options[i].name;
		const char *text = target->options[i].text;
		bool is_uri = strcmp(name, "mlflow-uri") == 0;
		bool is_base = is_uri || strcmp(name, "wandb-dir") == 0;

		if (is_uri && is_store_command(place))
			return shows_store(place, text);
		if (is_base && strncmp(place, text, strlen(text)) != 0 &&
		    (place[0] == '/') == (text[0] == '/'))
			return false;
	}
	if (place[0] != '/')
		return true;
	dir = text_path_bytes(place);
	same = access(dir, F_OK) == 0;
	free(dir);
	return same;
}

static bool
each_indexed(const struct index_entry *e, void *data)
{
	struct search *s = data;

	if (!same_directory(s, e->run_dir))
		return true;
	measure(s);
	if (s->bytes != e->records_bytes || s->crc != e->records_crc32c)
		return true;
	s->result->delivered_us = e->started_us;
	for (size_t i = 0; i < s->result->len; i++)
		for (size_t k = 0; k < e->place_len; k++) {
			if (s->result->has[i] || e->places[k].text == NULL ||
			    strcmp(e->places[k].name, s->targets[i].tracker) !=
				0 ||
			    !same_destination(s, &s->targets[i], e->run_dir,
				e->places[k].text))
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
	if (!past->ended)
		return attempt_past_fits(past, s->real);
	measure(s);
	return s->bytes == past->records_bytes &&
	    s->crc == past->records_crc32c;
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
	t->pending_us = start->time_us;
	for (size_t i = 0; i < t->len; i++)
		for (size_t k = 0; k < its->target_len; k++) {
			if (t->has[i] ||
			    strcmp(s->targets[i].tracker,
				its->targets[k].tracker) != 0)
				continue;
			t->has[i] = true;
			t->count++;
		}
}

static bool
each_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct attempt_past past;
	struct entry start;

	/* The first entry alone tells most of them apart. */
	if (journals_start(s->state_dir, attempt, &start, NULL) < 0)
		return true;
	if (!same_directory(s, start.start.run_dir)) {
		entry_release(&start);
		return true;
	}
	entry_release(&start);
	if (attempt_past_peek(s->state_dir, attempt, &past, &start, NULL) < 0)
		return true;
	if (same_records(s, &past))
		take_pending(s, attempt, &start, &past);
	attempt_past_release(&past);
	entry_release(&start);
	return true;
}

void
tracked_find(struct tracked *t, const char *state_dir, const char *run_dir,
    const char *project, const struct target *targets, size_t len)
{
	struct search s = {.result = t,
	    .targets = targets,
	    .state_dir = state_dir,
	    .run_dir = run_dir,
	    .project = project,
	    .bytes = -1};
	char *name;

	*t = (struct tracked){.len = len};
	t->has = xcalloc(len, sizeof *t->has);
	t->places = xcalloc(len, sizeof *t->places);
	s.real = realpath(run_dir, NULL);
	if (s.real != NULL && state_dir != NULL && stat(s.real, &s.st) == 0) {
		index_each_of(state_dir, (int64_t)s.st.st_ino,
		    path_base(s.real), each_indexed, &s, NULL);
		name = text_path_text(path_base(s.real));
		journals_each_of(
		    state_dir, (int64_t)s.st.st_ino, name, each_pending, &s);
		free(name);
	}
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
