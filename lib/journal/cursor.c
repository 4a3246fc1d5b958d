/* Cursors: how far each tracker has taken the journal. A file of its own for
 * each, so that one tracker's writes never touch another's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "journal/member.h"
#include "journal/private.h"
#include "journal/state.h"

#define CURSOR_VERSION 1
/* Far more than any tracker keeps. */
#define CURSOR_MAX_BYTES (1024 * 1024)

void
cursor_release(struct cursor *c)
{
	free(c->place);
	for (size_t i = 0; i < c->state_len; i++) {
		free(c->state[i].name);
		free(c->state[i].text);
	}
	free(c->state);
	memset(c, 0, sizeof *c);
}

const char *
cursor_get(const struct cursor *c, const char *name)
{
	for (size_t i = 0; i < c->state_len; i++)
		if (strcmp(c->state[i].name, name) == 0)
			return c->state[i].text;
	return NULL;
}

void
cursor_set(struct cursor *c, const char *name, const char *text)
{
	char *copy = xstrdup(text);

	for (size_t i = 0; i < c->state_len; i++)
		if (strcmp(c->state[i].name, name) == 0) {
			free(c->state[i].text);
			c->state[i].text = copy;
			return;
		}
	c->state = xreallocarray(c->state, c->state_len + 1, sizeof *c->state);
	c->state[c->state_len++] = (struct pair){xstrdup(name), copy};
}

/* A journal that has left the disk ends there sooner: who goes on with it makes
 * the rest anew, behind this end. */
static int64_t
offset_on_disk(const struct journal *j, int64_t offset)
{
	return j->in_memory && offset > j->old_size ? j->old_size : offset;
}

static void
encode(const struct journal *j, const struct cursor *c, struct buf *out)
{
	static const char *const lanes[LANE_COUNT] = {"metrics", "files"};
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "version", CURSOR_VERSION);
	for (int i = 0; i < LANE_COUNT; i++) {
		jsonwrite_int_member(
		    &w, lanes[i], offset_on_disk(j, c->offset[i]));
	}
	jsonwrite_int_member(&w, "delivered", (int64_t)c->delivered);
	jsonwrite_int_member(&w, "rejected", (int64_t)c->rejected);
	jsonwrite_bool_member(&w, "opened", c->opened);
	jsonwrite_bool_member(&w, "finished", c->finished);
	jsonwrite_text_member(&w, "place", c->place);
	jsonwrite_key(&w, "state");
	jsonwrite_open(&w, '{');
	for (size_t i = 0; i < c->state_len; i++) {
		jsonwrite_text_member(&w, c->state[i].name, c->state[i].text);
	}
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}

static void
take_member(struct member *m, void *data)
{
	struct cursor *c = data;
	struct pair *pairs = NULL;
	int64_t number;
	size_t len = 0;

	if (take_count(m, "delivered", &number))
		c->delivered = (uint64_t)number;
	else if (take_count(m, "rejected", &number))
		c->rejected = (uint64_t)number;
	else if (take_pairs(m, "state", &pairs, &len)) {
		for (size_t i = 0; i < len; i++) {
			cursor_set(c, pairs[i].name, pairs[i].text);
			free(pairs[i].name);
			free(pairs[i].text);
		}
		free(pairs);
	} else if (!take_count(m, "metrics", &c->offset[LANE_METRICS]) &&
	    !take_count(m, "files", &c->offset[LANE_FILES]) &&
	    !take_bool(m, "opened", &c->opened) &&
	    !take_bool(m, "finished", &c->finished))
		take_text(m, "place", &c->place);
}

static int
decode(struct cursor *c, const struct buf *in, struct err *err)
{
	struct json_span object, version;
	struct jsonscan s;
	int64_t number;
	int result;

	jsonscan_init(&s, in->data, in->len);
	if (jsonscan_value(&s, &object) < 0 || jsonscan_end(&s) < 0)
		return err_set(err, -EBADMSG, "no JSON");
	version = json_member(&object, "version");
	if (json_int64(&version, &number) < 0 || number != CURSOR_VERSION)
		return err_set(err, -EBADMSG, "not a cursor of this version");
	result = member_each(&object, take_member, c, err);
	if (result < 0)
		cursor_release(c);
	return result;
}

static int
load_from(int dir_fd, const char *tracker, struct cursor *c, struct err *err)
{
	char *name = xasprintf(CURSOR_PREFIX "%s", tracker);
	struct err local = ERR_INIT;
	struct buf text;
	int fd, result;

	*c = (struct cursor){0};
	buf_init(&text, CURSOR_MAX_BYTES);
	fd = state_open_file(dir_fd, name, O_RDONLY, &local);
	result = fd < 0 ? fd : file_read_rest(fd, name, &text, &local);
	if (result == 0 && (result = decode(c, &text, &local)) < 0)
		err_prefix(&local, "%s", name);
	if (fd >= 0)
		close(fd);
	buf_release(&text);
	free(name);
	if (result == -ENOENT)
		return 0;
	return result == 0 ? 0 : err_set(err, result, "%s", local.message);
}

int
cursor_load(const struct journal *j, const char *tracker, struct cursor *c,
    struct err *err)
{
	int result;

	if (j->dir_fd < 0) {
		*c = (struct cursor){0};
		return 0;
	}
	result = load_from(j->dir_fd, tracker, c, err);
	if (result == 0 &&
	    (c->offset[LANE_METRICS] > j->size ||
		c->offset[LANE_FILES] > j->size)) {
		cursor_release(c);
		return err_set(err, -EBADMSG,
		    CURSOR_PREFIX "%s: is behind the journal's end", tracker);
	}
	return result;
}

int
cursor_read(const char *state_dir, const char *attempt, const char *tracker,
    struct cursor *c, struct err *err)
{
	int dir_fd = state_open_attempt(state_dir, attempt, false, err), result;

	*c = (struct cursor){0};
	if (dir_fd < 0)
		return dir_fd;
	result = load_from(dir_fd, tracker, c, err);
	close(dir_fd);
	return result;
}

int
cursor_save(const struct journal *j, const char *tracker,
    const struct cursor *c, struct err *err)
{
	char *name;
	struct buf text;
	int result;

	if (j->dir_fd < 0 || j->removed)
		return 0;
	name = xasprintf(CURSOR_PREFIX "%s", tracker);
	buf_init(&text, CURSOR_MAX_BYTES);
	encode(j, c, &text);
	/* Half of one would be none: the old one stays. */
	result = buf_overflowed(&text)
	    ? err_set(err, -EMSGSIZE, "%s: longer than %d bytes", name,
		  CURSOR_MAX_BYTES)
	    : file_replace(
		  j->dir_fd, name, text.data, text.len, 0600, false, err);
	buf_release(&text);
	free(name);
	return result;
}
