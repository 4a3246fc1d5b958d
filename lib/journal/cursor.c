/* Cursors say how far each tracker has taken the journal. Each tracker has a
 * file of its own, so that one tracker's writes never touch another's. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "journal/members.h"
#include "journal/private.h"
#include "journal/state_dir.h"

#define CURSOR_VERSION 1
/* Far more than any tracker keeps. */
#define CURSOR_MAX_BYTES (1024 * 1024)

#define AT(member) FIELD_AT(struct cursor, member)

const struct field cursor_fields[] = {
    {"metrics", ALWAYS, &field_int, AT(offset[LANE_METRICS]),
	.range = &range_count},
    {"files", ALWAYS, &field_int, AT(offset[LANE_FILES]),
	.range = &range_count},
    {"records", ALWAYS, &field_int, AT(offset[LANE_RECORDS]),
	.range = &range_count},
    {"delivered", ALWAYS, &field_int, AT(delivered), .range = &range_count},
    {"rejected", ALWAYS, &field_int, AT(rejected), .range = &range_count},
    {"opened", ALWAYS, &field_bool, AT(opened)},
    {"finished", ALWAYS, &field_bool, AT(finished)},
    {"place", ALWAYS, &field_text, AT(place)},
    {"why", OPTIONAL, &field_text, AT(why)},
    {"state", ALWAYS, &field_pairs, AT(state),
	.len_at = offsetof(struct cursor, state_len)},
    {.name = NULL},
};

void
cursor_release(struct cursor *c)
{
	fields_release(cursor_fields, c);
	memset(c, 0, sizeof *c);
}

const char *
cursor_get(const struct cursor *c, const char *name)
{
	return pairs_get(c->state, c->state_len, name);
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

/* Where a journal has left the disk, its file ends sooner. Whoever goes on with
 * the file makes the rest anew, behind that end. */
static int64_t
offset_on_disk(const struct journal *j, int64_t offset)
{
	return j->in_memory && offset > j->old_size ? j->old_size : offset;
}

static void
encode(const struct journal *j, const struct cursor *c, struct buf *out)
{
	struct cursor on_disk = *c;
	struct jsonwrite w;

	for (int i = 0; i < LANE_COUNT; i++)
		on_disk.offset[i] = offset_on_disk(j, c->offset[i]);
	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "version", CURSOR_VERSION);
	fields_put(cursor_fields, &on_disk, &w);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}

/* If a name stands twice, the later text counts. */
static void
drop_repeated(struct cursor *c)
{
	struct pair *list = c->state;
	size_t len = c->state_len;

	c->state = NULL;
	c->state_len = 0;
	for (size_t i = 0; i < len; i++) {
		cursor_set(c, list[i].name, list[i].text);
		free(list[i].name);
		free(list[i].text);
	}
	free(list);
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
	jsonscan_init_span(&s, &object);
	jsonscan_enter(&s, '{');
	result = fields_take(cursor_fields, c, &s, err);
	if (result < 0)
		cursor_release(c);
	else
		drop_repeated(c);
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

/* Does the result mean that the file is ours but can't be used? */
static bool
is_damage(int result)
{
	return result == -EBADMSG || result == -EMSGSIZE;
}

static bool
is_behind(const struct cursor *c, int64_t end)
{
	for (int i = 0; i < LANE_COUNT; i++)
		if (c->offset[i] > end)
			return true;
	return false;
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
	if (result == 0 && is_behind(c, j->size)) {
		cursor_release(c);
		result = err_set(err, -EBADMSG,
		    CURSOR_PREFIX "%s: is behind the journal's end", tracker);
	}
	return is_damage(result) ? 1 : result;
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
	/* Half a cursor is of no use, so the old one stays. */
	result = buf_overflowed(&text)
	    ? err_set(err, -EMSGSIZE, "%s: longer than %d bytes", name,
		  CURSOR_MAX_BYTES)
	    : file_replace(j->dir_fd, name, text.data, text.len, 0600, err);
	buf_release(&text);
	free(name);
	return result;
}
