#include "journal/index.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "journal/member.h"
#include "journal/state.h"

#define INDEX_FILE "index.jsonl"
/* A line holds a few paths; a longer one is not ours. */
#define INDEX_LINE_MAX (1024 * 1024)

static void
release_pairs(struct pair *pairs, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		free(pairs[i].name);
		free(pairs[i].text);
	}
	free(pairs);
}

void
index_entry_release(struct index_entry *e)
{
	free(e->attempt);
	free(e->run_id);
	free(e->run_dir);
	release_pairs(e->places, e->place_len);
	release_pairs(e->destinations, e->destination_len);
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
	for (size_t i = 0; i < e->destination_len; i++)
		if (strcmp(e->destinations[i].name, tracker) == 0)
			return e->destinations[i].text;
	return NULL;
}

static void
put_pairs(
    struct jsonwrite *w, const char *name, const struct pair *pairs, size_t len)
{
	jsonwrite_key(w, name);
	jsonwrite_open(w, '{');
	for (size_t i = 0; i < len; i++)
		jsonwrite_text_member(w, pairs[i].name, pairs[i].text);
	jsonwrite_close(w, '}');
}

static void
encode(const struct index_entry *e, struct buf *out)
{
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "attempt", e->attempt);
	jsonwrite_text_member(&w, "run_id", e->run_id);
	jsonwrite_text_member(&w, "run_dir", e->run_dir);
	jsonwrite_int_member(&w, "dir_inode", e->dir_inode);
	jsonwrite_int_member(&w, "dir_birth_ns", e->dir_birth_ns);
	jsonwrite_text_member(&w, "status", run_status_name(e->status));
	jsonwrite_int_member(&w, "started_us", clock_clamp_us(e->started_us));
	jsonwrite_int_member(&w, "ended_us", clock_clamp_us(e->ended_us));
	jsonwrite_int_member(&w, "records_bytes", e->records_bytes);
	jsonwrite_int_member(&w, "records_crc32c", e->records_crc32c);
	jsonwrite_int_member(&w, "rejected", (int64_t)e->rejected);
	put_pairs(&w, "places", e->places, e->place_len);
	put_pairs(&w, "destinations", e->destinations, e->destination_len);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}

static bool
take_time(struct member *m, const char *name, int64_t *field)
{
	return take_int(m, name, CLOCK_FIRST_US, CLOCK_LAST_US, field);
}

/* A place is a path, or has one in it, or is an address: not one with U+0000.
 */
static void
check_places(struct member *m, const struct index_entry *e)
{
	for (size_t i = 0; i < e->place_len; i++)
		if (!member_is_path(e->places[i].text))
			m->wrong = "a place that can't be one";
}

static void
take_member(struct member *m, void *data)
{
	struct index_entry *e = data;
	const char *words[RUN_KILLED + 1];
	int64_t number = 0;
	int status = 0;

	for (int i = 0; i <= RUN_KILLED; i++)
		words[i] = run_status_name((enum run_status)i);
	if (take_word(m, "status", words, RUN_KILLED + 1, &status))
		e->status = (enum run_status)status;
	else if (take_int(m, "records_crc32c", 0, UINT32_MAX, &number))
		e->records_crc32c = (uint32_t)number;
	else if (take_count(m, "rejected", &number))
		e->rejected = (uint64_t)number;
	else if (take_pairs(m, "places", &e->places, &e->place_len))
		check_places(m, e);
	else if (!take_pairs(m, "destinations", &e->destinations,
		     &e->destination_len) &&
	    !take_attempt(m, "attempt", &e->attempt) &&
	    !take_text(m, "run_id", &e->run_id) &&
	    !take_path(m, "run_dir", &e->run_dir) &&
	    !take_any_int(m, "dir_inode", &e->dir_inode) &&
	    !take_any_int(m, "dir_birth_ns", &e->dir_birth_ns) &&
	    !take_time(m, "started_us", &e->started_us) &&
	    !take_time(m, "ended_us", &e->ended_us))
		take_count(m, "records_bytes", &e->records_bytes);
}

/* -ENODATA: a torn line, or another's: nothing can be said of it. */
static int
decode(struct index_entry *e, const char *line, size_t len, struct err *err)
{
	struct jsonscan s;
	struct json_span object;
	int result;

	*e = (struct index_entry){0};
	jsonscan_init(&s, line, len);
	if (jsonscan_value(&s, &object) < 0 || jsonscan_end(&s) < 0 ||
	    object.type != JSON_OBJECT)
		return -ENODATA;
	result = member_each(&object, take_member, e, err);
	if (result == 0 && (e->attempt == NULL || e->run_dir == NULL))
		result = err_set(err, -EBADMSG, "lacks attempt or run_dir");
	return result;
}

int
index_append(
    const char *state_dir, const struct index_entry *e, struct err *err)
{
	struct buf line;
	char last = '\n';
	off_t size;
	int fd, result;

	fd = state_open_beside(
	    state_dir, INDEX_FILE, O_RDWR | O_CREAT | O_APPEND, err);
	if (fd < 0)
		return fd;
	flock(fd, LOCK_EX);
	buf_init(&line, INDEX_LINE_MAX);
	size = lseek(fd, 0, SEEK_END);
	/* A torn line of somebody who was killed must not swallow ours. */
	if (size > 0 && pread(fd, &last, 1, size - 1) == 1 && last != '\n')
		buf_addc(&line, '\n');
	encode(e, &line);
	result = buf_overflowed(&line)
	    ? err_set(err, -EMSGSIZE, "%s: paths too long for the index",
		  e->attempt)
	    : file_write_all(fd, line.data, line.len, err);
	/* A full disk may have left half a line: away with it. */
	if (result < 0 && ftruncate(fd, size) < 0)
		err_prefix(err, "index left torn");
	if (result == 0 && fdatasync(fd) < 0)
		result = err_errno(err, "index");
	buf_release(&line);
	close(fd);
	return result;
}

/* What a line that is wanted holds, as it stands there: one of these texts. */
struct wanted {
	char *text[2];
	bool all; /* any line may be wanted */
};

/* Does JSON write the text as it is? */
static bool
is_plain(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text < ' ' || *text > '~' || *text == '"' || *text == '\\')
			return false;
	return true;
}

static bool
is_wanted(const struct wanted *wanted, const char *line, size_t len)
{
	if (wanted->all)
		return true;
	for (int i = 0; i < 2; i++) {
		const char *text = wanted->text[i];

		if (text != NULL &&
		    memmem(line, len, text, strlen(text)) != NULL)
			return true;
	}
	return false;
}

/* A descriptor, or -ENOENT without a word. */
static int
open_for_reading(const char *state_dir, struct err *err)
{
	struct err local = ERR_INIT;
	int fd = state_open_beside(state_dir, INDEX_FILE, O_RDONLY, &local);

	return fd >= 0 || fd == -ENOENT ? fd
					: err_set(err, fd, "%s", local.message);
}

int
index_check(const char *state_dir, struct err *err)
{
	int fd = open_for_reading(state_dir, err);

	if (fd >= 0)
		close(fd);
	return fd >= 0 || fd == -ENOENT ? 0 : fd;
}

static int
each_wanted(const char *state_dir, const struct wanted *wanted,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	int fd = open_for_reading(state_dir, err);
	struct lines lines;
	const char *line;
	size_t len;
	struct err refused = ERR_INIT;
	bool go_on = true;
	int result, number = 0;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	lines_init(&lines, fd);
	lines.line_max = INDEX_LINE_MAX;
	while (go_on && (result = lines_next(&lines, &line, &len, err)) > 0) {
		struct index_entry e;
		struct err why = ERR_INIT;

		number++;
		/* A line that is too long is none of ours. */
		if (result == LINES_TOO_LONG || !is_wanted(wanted, line, len))
			continue;
		if (decode(&e, line, len, &why) == 0)
			go_on = each(&e, data);
		else if (why.code < 0 && refused.code == 0)
			err_set(&refused, why.code,
			    "%s/" INDEX_FILE ": line %d: %s", state_dir, number,
			    why.message);
		index_entry_release(&e);
	}
	lines_release(&lines);
	close(fd);
	if (result < 0)
		return result;
	/* One line keeps no other back. */
	return refused.code == 0
	    ? 0
	    : err_set(err, refused.code, "%s", refused.message);
}

int
index_each(const char *state_dir,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	struct wanted wanted = {.all = true};

	return each_wanted(state_dir, &wanted, each, data, err);
}

int
index_each_of(const char *state_dir, int64_t inode, const char *name,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	struct wanted wanted = {
	    .text = {xasprintf("\"dir_inode\":%jd,", (intmax_t)inode),
		xasprintf("/%s\"", name)},
	    .all = !is_plain(name)};
	int result = each_wanted(state_dir, &wanted, each, data, err);

	free(wanted.text[0]);
	free(wanted.text[1]);
	return result;
}

struct one {
	const char *attempt;
	bool found;
};

static bool
is_the_one(const struct index_entry *e, void *data)
{
	struct one *one = data;

	one->found = strcmp(e->attempt, one->attempt) == 0;
	return !one->found;
}

bool
index_has(const char *state_dir, const char *attempt)
{
	struct one one = {.attempt = attempt};
	struct wanted wanted = {
	    .text = {xasprintf("\"%s\"", attempt)}, .all = !is_plain(attempt)};

	each_wanted(state_dir, &wanted, is_the_one, &one, NULL);
	free(wanted.text[0]);
	return one.found;
}
