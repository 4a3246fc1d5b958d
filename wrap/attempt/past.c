#include "wrap/attempt/past.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/crc32c.h"
#include "format/text.h"
#include "journal/index.h"
#include "mapping/names.h"
#include "tracker/common/display.h"
#include "watcher/records.h"
#include "watcher/identity.h"
#include "watcher/watcher.h"
#include "wrap/attempt/attempt.h"
#include "wrap/attempt/stop_if.h"
#include "journal/health.h"
#include "journal/pending_of.h"

static void
take_stop(struct attempt_past *past, const struct entry_params *p)
{
	if (past->stop_reason == NULL && p->len > 0 &&
	    p->list[0].value.type == VALUE_TEXT)
		past->stop_reason = xstrdup(p->list[0].value.text);
}

static void
take(struct attempt_past *past, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_START:
		break;
	case ENTRY_PARAMS:
		if (e->params.config) {
			past->has_config = true;
			past->batch = attempt_is_batch(&e->params);
		} else if (e->params.stop)
			take_stop(past, &e->params);
		else
			past->derived_entries++;
		break;
	case ENTRY_RECORDS:
		past->records_end = e->records.offset + e->records.length;
		break;
	case ENTRY_ARTIFACT:
		past->artifacts = xreallocarray(past->artifacts,
		    past->artifact_len + 1, sizeof(*past->artifacts));
		past->artifacts[past->artifact_len++] =
		    xstrdup(e->artifact.name);
		break;
	case ENTRY_END:
		past->ended = true;
		past->status = e->end.status;
		past->ended_us = e->time_us;
		past->last_step = e->end.last_step;
		break;
	case ENTRY_METRICS:
		if (e->metrics.sample > 0) {
			past->samples = e->metrics.sample;
			break;
		}
		past->has_numbers = e->metrics.len > 0 &&
		    strncmp(e->metrics.list[0].name, ATTEMPT_LINE_PREFIX,
			strlen(ATTEMPT_LINE_PREFIX)) == 0;
		past->last_step = e->metrics.step;
		past->records_bytes = e->metrics.records_bytes;
		past->records_crc32c = (uint32_t)e->metrics.records_crc32c;
		past->derived_entries++;
		break;
	case ENTRY_RUN_ID:
		free(past->run_id);
		past->run_id = xstrdup(e->run_id);
		past->derived_entries++;
		break;
	default:
		past->derived_entries++;
	}
}

static int
read_all(struct attempt_past *past, struct journal_reader *reader,
    const char *attempt, struct entry *start, struct err *err)
{
	struct entry e;
	int result;
	bool first = true;

	*past = (struct attempt_past){0};
	*start = (struct entry){0};
	while ((result = journal_read(reader, &e, err)) > 0) {
		take(past, &e);
		past->entries += e.kind != ENTRY_START && e.kind != ENTRY_END;
		if (first && e.kind != ENTRY_START) {
			entry_release(&e);
			result = err_set(err, -EBADMSG,
			    "%s: no start entry: not a journal", attempt);
			break;
		}
		if (first)
			*start = e;
		else
			entry_release(&e);
		first = false;
	}
	if (result == 0 && first)
		result =
		    err_set(err, -ENODATA, "%s: the journal is empty", attempt);
	if (result < 0 && !first)
		entry_release(start);
	if (result < 0)
		attempt_past_release(past);
	return result;
}

int
attempt_past_read(struct attempt_past *past, const struct journal *j,
    struct entry *start, struct err *err)
{
	struct journal_reader reader;
	int result;

	journal_reader_init(&reader, j);
	result = read_all(past, &reader, journal_attempt(j), start, err);
	journal_reader_release(&reader);
	return result;
}

int
attempt_past_peek(const char *state_dir, const char *attempt,
    struct attempt_past *past, struct entry *start, struct err *err)
{
	struct journal_reader reader;
	int result = journal_reader_open(&reader, state_dir, attempt, err);

	if (result < 0)
		return result;
	result = read_all(past, &reader, attempt, start, err);
	journal_reader_release(&reader);
	return result;
}

void
attempt_past_release(struct attempt_past *past)
{
	for (size_t i = 0; i < past->artifact_len; i++)
		free(past->artifacts[i]);
	free(past->artifacts);
	free(past->run_id);
	free(past->stop_reason);
	*past = (struct attempt_past){0};
}

bool
attempt_past_has_artifact(const struct attempt_past *past, const char *name)
{
	for (size_t i = 0; i < past->artifact_len; i++)
		if (strcmp(past->artifacts[i], name) == 0)
			return true;
	return false;
}

/* Sets *crc to the checksum of the next `bytes` bytes. Returns 1, 0 if there
 * are fewer, or a negative errno. */
static int
read_crc(int fd, int64_t bytes, uint32_t *crc, struct err *err)
{
	char chunk[64 * 1024];

	*crc = 0;
	while (bytes > 0) {
		size_t most = bytes < (int64_t)sizeof chunk ? (size_t)bytes
							    : sizeof chunk;
		ssize_t n = read(fd, chunk, most);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_errno(err, RECORDS_FILE);
		if (n == 0)
			return 0;
		*crc = crc32c(*crc, chunk, (size_t)n);
		bytes -= n;
	}
	return 1;
}

/* Returns the answer, or a negative errno if there is none. A file that is no
 * file to read begins with nothing. */
static int
answer(int result, const char *run_dir, const struct err *why, struct err *err)
{
	struct err whole = *why;

	if (result >= 0 || !file_is_unknown(result))
		return result > 0;
	err_prefix(&whole, "%s", run_dir);
	return err_set(err, result, "%s", whole.message);
}

/* Does records.jsonl begin with `bytes` bytes of this checksum? Returns 1, 0,
 * or a negative errno. */
static int
records_begin_with(
    const char *run_dir, int64_t bytes, uint32_t want, struct err *err)
{
	int dir_fd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct err why = ERR_INIT;
	uint32_t crc = 0;
	int fd, result;

	if (dir_fd < 0)
		return file_is_absent(-errno) ? 0
					      : err_errno(err, "%s", run_dir);
	fd = records_open(dir_fd, NULL, &why);
	result = fd < 0 ? fd : read_crc(fd, bytes, &crc, &why);
	if (fd >= 0)
		close(fd);
	close(dir_fd);
	return answer(
	    result > 0 && crc != want ? 0 : result, run_dir, &why, err);
}

int
attempt_past_fits(
    const struct attempt_past *past, const char *run_dir, struct err *err)
{
	struct watcher_identity identity;
	struct err why = ERR_INIT;
	int result;

	if (past->records_bytes > 0)
		return records_begin_with(
		    run_dir, past->records_bytes, past->records_crc32c, err);
	result = watcher_identify(run_dir, &identity, &why);
	return answer(result == 0 ? 1 : result, run_dir, &why, err);
}

struct search {
	const char *state_dir;
	const char *run_dir; /* bytes */
	char *run_dir_text;
	int64_t before_us; /* only attempts that began before */
	bool grown;        /* only attempts with fewer records than now */
	int64_t size;      /* of the records now */
	struct watcher_identity identity; /* of the directory now */
	char *found;                      /* the latest attempt that fits */
	struct err failed;                /* what could not be looked at */
};

static bool
begins_with(struct search *s, int64_t bytes, uint32_t crc32c)
{
	return records_begin_with(s->run_dir, bytes, crc32c, &s->failed) > 0;
}

/* Equal runs write equal records, so the records alone do not tell whether a
 * directory is being continued or was made again. */
static bool
search_each(const struct index_entry *e, void *data)
{
	struct search *s = data;

	if (strcmp(e->run_dir, s->run_dir_text) != 0 || e->records_bytes == 0 ||
	    e->started_us >= s->before_us ||
	    !watcher_identity_fits(
		&s->identity, e->dir_inode, e->dir_birth_ns) ||
	    (s->grown && s->size <= e->records_bytes) ||
	    !begins_with(s, e->records_bytes, (uint32_t)e->records_crc32c))
		return true;
	free(s->found);
	s->found = xstrdup(e->attempt);
	return true;
}

/* Tells by the first entry alone, because thousands may be pending. */
static bool
is_of_this_directory(struct search *s, const char *attempt)
{
	struct err why = ERR_INIT;
	struct entry start;
	bool same;
	int result = journals_start(s->state_dir, attempt, &start, &why);

	journals_note_unread(&s->failed, result, &why);
	if (result < 0)
		return false;
	same = strcmp(start.start.run_dir, s->run_dir_text) == 0 &&
	    start.time_us < s->before_us &&
	    watcher_identity_fits(
		&s->identity, start.start.dir_inode, start.start.dir_birth_ns);
	entry_release(&start);
	return same;
}

/* Looks at an attempt that is not delivered yet; these are younger than those
 * of the index. */
static bool
search_pending(const char *attempt, void *data)
{
	struct search *s = data;
	struct err why = ERR_INIT;
	struct attempt_past past;
	struct entry start;
	int result;

	if (!is_of_this_directory(s, attempt))
		return true;
	result = attempt_past_peek(s->state_dir, attempt, &past, &start, &why);
	journals_note_unread(&s->failed, result, &why);
	if (result < 0)
		return true;
	/* Who finds one without an end has begun beside it, because its records
	 * were not there for a moment. */
	if ((past.ended || (!s->grown && !journals_is_live(&start.start))) &&
	    past.records_bytes > 0 &&
	    !(s->grown && s->size <= past.records_bytes) &&
	    begins_with(s, past.records_bytes, past.records_crc32c)) {
		free(s->found);
		s->found = xstrdup(attempt);
	}
	attempt_past_release(&past);
	entry_release(&start);
	return true;
}

/* Notes which directory it is now and how large its records are. Returns 1, 0
 * if it has none, or a negative errno. */
static int
look_at_now(struct search *s, struct err *err)
{
	char *records = path_join(s->run_dir, RECORDS_FILE);
	struct stat st;
	int result = file_look(AT_FDCWD, records, 0, &st, err);

	free(records);
	if (result <= 0)
		return result;
	s->size = S_ISREG(st.st_mode) ? st.st_size : 0;
	result = watcher_identify(s->run_dir, &s->identity, err);
	return result < 0 ? result : 1;
}

int
attempt_past_resumed_from(const char *state_dir, const char *run_dir,
    int64_t before_us, bool grown, char **found, struct err *err)
{
	struct search s = {.run_dir = run_dir,
	    .state_dir = state_dir,
	    .before_us = before_us,
	    .grown = grown};
	struct directory_now now;
	struct err why = ERR_INIT;
	int result;

	*found = NULL;
	result = state_dir == NULL ? 0 : look_at_now(&s, err);
	if (result <= 0)
		return result;
	s.run_dir_text = text_path_text(run_dir);
	now = (struct directory_now){.inode = (int64_t)s.identity.inode,
	    .path = s.run_dir_text,
	    .real = s.run_dir_text};
	result = index_each_of(state_dir, &now, search_each, &s, &why);
	journals_note_unread(&s.failed, result, &why);
	result = journals_each_of(state_dir, &now, search_pending, &s, &why);
	journals_note_unread(&s.failed, result, &why);
	free(s.run_dir_text);
	*found = s.found;
	return s.failed.code == 0
	    ? 0
	    : err_set(err, s.failed.code, "%s", s.failed.message);
}

void
attempt_past_line(const struct attempt *a, struct index_entry *e)
{
	struct attempt_index_facts facts;

	attempt_index_facts(a, &facts);
	*e = (struct index_entry){
	    .run_dir = attempt_place(a),
	    .dir_inode = attempt_start(a)->dir_inode,
	    .dir_birth_ns = attempt_start(a)->dir_birth_ns,
	    .project = xstrdup(attempt_start(a)->project),
	    .status = attempt_status(a),
	    .started_us = facts.started_us,
	    .ended_us = facts.ended_us,
	    .records_bytes = facts.records_bytes,
	    .records_crc32c = facts.records_crc32c,
	};
	if (attempt_start(a)->config_path != NULL)
		e->config_path = xstrdup(attempt_start(a)->config_path);
	if (attempt_run_id(a) != NULL)
		e->run_id = xstrdup(attempt_run_id(a));
	e->name = display_name(attempt_start(a), attempt_run_id(a));
}
