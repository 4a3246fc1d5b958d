#include "journal/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "journal/members.h"
#include "journal/index_private.h"
#include "journal/state_dir.h"

#define AT(member) FIELD_AT(struct index_entry, member)

static const struct field_range times = {CLOCK_FIRST_US, CLOCK_LAST_US};
/* A place is a path, has one in it, or is an address: none has U+0000. */
static const struct field_form form_place = {
    field_is_path, "a place that can't be one"};

const struct field index_fields[] = {
    {"attempt", REQUIRED, &field_text, AT(attempt), .form = &form_attempt},
    {"run_id", ALWAYS, &field_text, AT(run_id)},
    {"name", OPTIONAL, &field_text, AT(name)},
    {"run_dir", REQUIRED, &field_text, AT(run_dir), .form = &form_path},
    {"dir_inode", ALWAYS, &field_int, AT(dir_inode)},
    {"dir_birth_ns", ALWAYS, &field_int, AT(dir_birth_ns)},
    {"project", OPTIONAL, &field_text, AT(project)},
    {"config_path", OPTIONAL, &field_text, AT(config_path), .form = &form_path},
    {"status", ALWAYS, &field_word, AT(status), .words = run_status_names},
    {"started_us", ALWAYS, &field_int, AT(started_us), .range = &times},
    {"ended_us", ALWAYS, &field_int, AT(ended_us), .range = &times},
    {"records_bytes", ALWAYS, &field_int, AT(records_bytes),
	.range = &range_count},
    {"records_crc32c", ALWAYS, &field_int, AT(records_crc32c),
	.range = &range_crc32c},
    {"rejected", ALWAYS, &field_int, AT(rejected), .range = &range_count},
    {"places", ALWAYS, &field_pairs, AT(places),
	.len_at = offsetof(struct index_entry, place_len), .form = &form_place},
    {"destinations", ALWAYS, &field_pairs, AT(destinations),
	.len_at = offsetof(struct index_entry, destination_len)},
    {.name = NULL},
};

void
index_entry_release(struct index_entry *e)
{
	fields_release(index_fields, e);
	memset(e, 0, sizeof *e);
}

static void
add_pair(struct pair **pairs, size_t *len, const char *name, const char *text)
{
	*pairs = xreallocarray(*pairs, *len + 1, sizeof **pairs);
	(*pairs)[(*len)++] = (struct pair){xstrdup(name), xstrdup(text)};
}

void
index_entry_add_place(struct index_entry *e, const char *tracker,
    const char *place, const char *destination)
{
	add_pair(
	    &e->places, &e->place_len, tracker, place != NULL ? place : "");
	if (destination != NULL)
		add_pair(&e->destinations, &e->destination_len, tracker,
		    destination);
}

const char *
index_entry_destination(const struct index_entry *e, const char *tracker)
{
	return pairs_get(e->destinations, e->destination_len, tracker);
}

static void
encode(const struct index_entry *e, struct buf *out)
{
	struct index_entry clamped = *e;
	struct jsonwrite w;

	clamped.started_us = clock_clamp_us(e->started_us);
	clamped.ended_us = clock_clamp_us(e->ended_us);
	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	fields_put(index_fields, &clamped, &w);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}

int
index_decode(
    struct index_entry *e, const char *line, size_t len, struct err *err)
{
	struct jsonscan s;
	struct json_span object;

	*e = (struct index_entry){0};
	jsonscan_init(&s, line, len);
	if (jsonscan_value(&s, &object) < 0 || jsonscan_end(&s) < 0 ||
	    object.type != JSON_OBJECT)
		return -ENODATA;
	jsonscan_init_span(&s, &object);
	jsonscan_enter(&s, '{');
	return fields_take(index_fields, e, &s, err);
}

/* Another may have replaced the file between our opening and our lock. */
static bool
is_replaced(const char *state_dir, int fd)
{
	char *path = xasprintf("%s/" INDEX_FILE, state_dir);
	struct stat own, there;
	int look = file_look(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, &there, NULL);
	bool replaced = look == 0 ||
	    (look > 0 && fstat(fd, &own) == 0 &&
		(own.st_ino != there.st_ino || own.st_dev != there.st_dev));

	free(path);
	return replaced;
}

int
index_lock(const char *state_dir, bool make, int wait_ms, bool *locked,
    struct err *err)
{
	int flags = O_RDWR | O_APPEND | (make ? O_CREAT : 0), fd, result;
	int64_t until_ms = clock_mono_ms() + wait_ms;

	for (;;) {
		fd = state_open_beside(state_dir, INDEX_FILE, flags, err);
		if (fd < 0)
			return fd;
		result = file_lock(fd, (int)(until_ms - clock_mono_ms()));
		*locked = result == 0;
		if (result == -EBUSY) {
			close(fd);
			return err_set(err, -EBUSY,
			    "%s/" INDEX_FILE
			    ": another process has had its lock for %d s",
			    state_dir, wait_ms / 1000);
		}
		if (!is_replaced(state_dir, fd))
			return fd;
		close(fd);
	}
}

static int
encode_all(const struct index_entry *const *list, size_t len, struct buf *out,
    struct err *err)
{
	struct buf line;
	int result = 0;

	for (size_t i = 0; i < len && result == 0; i++) {
		buf_init(&line, INDEX_LINE_MAX);
		encode(list[i], &line);
		if (buf_overflowed(&line))
			result = err_set(err, -EMSGSIZE,
			    "%s: paths too long for the index",
			    list[i]->attempt);
		else
			buf_add(out, line.data, line.len);
		buf_release(&line);
	}
	return result;
}

/* Behind a torn line that somebody left who was killed: it must not swallow the
 * first of ours. */
static int
write_lines(int fd, off_t size, const struct buf *lines, struct err *err)
{
	char last = '\n';

	if (size < 0 || (size > 0 && pread(fd, &last, 1, size - 1) != 1))
		return err_errno(err, "the last line");
	return last == '\n'
	    ? file_write_all(fd, lines->data + 1, lines->len - 1, err)
	    : file_write_all(fd, lines->data, lines->len, err);
}

int
index_append_all(const char *state_dir, const struct index_entry *const *list,
    size_t len, struct err *err)
{
	struct buf lines;
	off_t size;
	bool locked;
	int fd, result;

	/* Without locks (ENOLCK) the lines are still one write. */
	fd = index_lock(state_dir, true, INDEX_LOCK_WAIT_MS, &locked, err);
	if (fd < 0)
		return fd;
	buf_init(&lines, len * INDEX_LINE_MAX + 1);
	buf_addc(&lines, '\n');
	size = lseek(fd, 0, SEEK_END);
	result = encode_all(list, len, &lines, err);
	if (result == 0)
		result = write_lines(fd, size, &lines, err);
	/* A full disk may have left half a line, which is cut off. */
	if (result < 0 && ftruncate(fd, size) < 0)
		err_prefix(err, "index left torn");
	if (result == 0 && fdatasync(fd) < 0)
		result = err_errno(err, "sync");
	/* Who made the file may have been killed before this. */
	if (result == 0)
		result = state_sync_names(state_dir, err);
	buf_release(&lines);
	close(fd);
	return result < 0 ? err_prefix(err, "%s/" INDEX_FILE, state_dir) : 0;
}

int
index_append(
    const char *state_dir, const struct index_entry *e, struct err *err)
{
	return index_append_all(state_dir, &e, 1, err);
}

int
index_open(const char *state_dir, struct err *err)
{
	struct err local = ERR_INIT;
	int fd = state_open_beside(state_dir, INDEX_FILE, O_RDONLY, &local);

	return fd >= 0 || fd == -ENOENT ? fd
					: err_set(err, fd, "%s", local.message);
}

int
index_check(const char *state_dir, struct err *err)
{
	int fd = index_open(state_dir, err);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -ENOENT ? 0 : fd;
}

void
index_refuse(struct err *refused, const char *state_dir, uint32_t number,
    const struct err *why)
{
	if (refused->code == 0)
		err_set(refused, why->code, "%s/" INDEX_FILE ": line %u: %s",
		    state_dir, number, why->message);
}

int
index_each(const char *state_dir,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	int fd = index_open(state_dir, err), result;
	struct err refused = ERR_INIT;
	struct lines lines;
	const char *line;
	size_t len;
	bool go_on = true;
	uint32_t number = 0;

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	lines_init(&lines, fd);
	lines.line_max = INDEX_LINE_MAX;
	while (go_on && (result = lines_next(&lines, &line, &len, err)) > 0) {
		struct index_entry e;
		struct err why = ERR_INIT;

		number++;
		/* We write no line as long as that. */
		if (result == LINES_TOO_LONG)
			continue;
		if (index_decode(&e, line, len, &why) == 0)
			go_on = each(&e, data);
		else if (why.code < 0)
			index_refuse(&refused, state_dir, number, &why);
		index_entry_release(&e);
	}
	lines_release(&lines);
	close(fd);
	if (result < 0)
		return result;
	return refused.code == 0
	    ? 0
	    : err_set(err, refused.code, "%s", refused.message);
}
