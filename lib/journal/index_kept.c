/* Remembers where each line of an index is and of which directory and attempt
 * it is, so that a process reads an index once: what other processes add is
 * read on from there, and an index that was replaced (itrack prune) is read
 * anew. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "format/jsonscan.h"
#include "journal/index_private.h"

struct line {
	int64_t at;
	uint32_t len;
};

/* One index. Line n is lines[n - 1] and has the number n in the tables. */
struct kept {
	char *state_dir;
	struct lines reader; /* its file stays open: no other gets its inode */
	int64_t base;        /* where the reader began */
	struct line *lines;
	uint32_t len, room;
	struct multimap attempts;
	struct dir_table directories;
	/* Whose attempt or directory can't be told: of any. */
	uint32_t *odd;
	size_t odd_len;
	struct kept *next;
};

/* One for each state directory that this process has asked about. */
static struct kept *all_kept;

/* The entries are still to be read. */
static void
forget_lines(struct kept *k)
{
	if (k->reader.fd >= 0)
		close(k->reader.fd);
	lines_release(&k->reader);
	multimap_release(&k->attempts);
	dir_table_release(&k->directories);
	free(k->lines);
	free(k->odd);
	*k = (struct kept){
	    .state_dir = k->state_dir, .next = k->next, .reader.fd = -1};
}

static struct kept *
kept_of(const char *state_dir)
{
	struct kept *k;

	for (k = all_kept; k != NULL; k = k->next)
		if (strcmp(k->state_dir, state_dir) == 0)
			return k;
	k = xcalloc(1, sizeof *k);
	k->state_dir = xstrdup(state_dir);
	k->reader.fd = -1;
	k->next = all_kept;
	all_kept = k;
	return k;
}

static void
begin_reading(struct kept *k, int fd, int64_t from)
{
	lines_release(&k->reader);
	lines_init(&k->reader, fd);
	k->reader.line_max = INDEX_LINE_MAX;
	k->base = from;
}

static void
add_odd(struct kept *k, uint32_t number)
{
	k->odd = xreallocarray(k->odd, k->odd_len + 1, sizeof *k->odd);
	k->odd[k->odd_len++] = number;
}

/* Reads these three members alone. A line that is no JSON was torn. */
static void
take_members(struct kept *k, uint32_t number, const char *line, size_t len)
{
	struct json_span key, value, attempt = {0}, run_dir = {0}, inode = {0};
	int64_t inode_number = 0;
	char *name, *path;
	struct jsonscan s;

	jsonscan_init(&s, line, len);
	if (jsonscan_enter(&s, '{') < 0)
		return;
	while (jsonscan_member(&s, &key) > 0 && jsonscan_value(&s, &value) == 0)
		if (json_is(&key, "attempt"))
			attempt = value;
		else if (json_is(&key, "run_dir"))
			run_dir = value;
		else if (json_is(&key, "dir_inode"))
			inode = value;
	if (jsonscan_end(&s) < 0)
		return;
	name = json_text_new(&attempt);
	path = json_text_new(&run_dir);
	if (name == NULL || path == NULL ||
	    (inode.type != JSON_NONE &&
		json_int64(&inode, &inode_number) < 0)) {
		add_odd(k, number);
	} else {
		multimap_add(&k->attempts, multimap_hash(name), number);
		dir_table_add(&k->directories, number, inode_number, path);
	}
	free(path);
	free(name);
}

static void
take_line(struct kept *k, const char *line, size_t len, int64_t end)
{
	if (k->len == k->room) {
		k->room = k->room == 0 ? 64 : k->room * 2;
		k->lines = xreallocarray(k->lines, k->room, sizeof *k->lines);
	}
	k->lines[k->len++] =
	    (struct line){.at = end - (int64_t)len - 1, .len = (uint32_t)len};
	if (len > 0)
		take_members(k, k->len, line, len);
}

/* What stands behind the last newline is a line that is being written, or that
 * its writer will cut off: it is read again. */
static int
read_on(struct kept *k, struct err *err)
{
	int64_t at = k->base + (int64_t)k->reader.offset;
	const char *line;
	size_t len;
	int result;

	if (lines_torn(&k->reader) > 0) {
		if (lseek(k->reader.fd, at, SEEK_SET) < 0)
			return err_errno(err, "%s/" INDEX_FILE, k->state_dir);
		begin_reading(k, k->reader.fd, at);
	}
	while ((result = lines_next(&k->reader, &line, &len, err)) > 0)
		take_line(k, line, result == LINES_LINE ? len : 0,
		    k->base + (int64_t)k->reader.offset);
	return result;
}

/* Is the file that was read still the index, and whole? */
static bool
is_same(const struct kept *k, int fd)
{
	struct stat there, read;

	return k->reader.fd >= 0 && fstat(fd, &there) == 0 &&
	    fstat(k->reader.fd, &read) == 0 && there.st_dev == read.st_dev &&
	    there.st_ino == read.st_ino &&
	    there.st_size >= k->base + (int64_t)k->reader.offset;
}

static int
look(struct kept *k, struct err *err)
{
	int fd = index_open(k->state_dir, err), result;

	if (fd == -ENOENT)
		forget_lines(k);
	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	if (is_same(k, fd)) {
		close(fd);
	} else {
		forget_lines(k);
		begin_reading(k, fd, 0);
	}
	result = read_on(k, err);
	/* The next time begins anew. */
	if (result < 0)
		forget_lines(k);
	return result;
}

/* Reads a line again. -ENODATA: it is torn. */
static int
decode_line(const struct kept *k, uint32_t number, struct index_entry *e,
    struct err *err)
{
	const struct line *line;
	char *text;
	ssize_t n;
	int result;

	*e = (struct index_entry){0};
	if (number == 0 || number > k->len)
		return err_set(err, -ENODATA, "there is no line %u", number);
	line = &k->lines[number - 1];
	text = xmalloc(line->len + 1);
	n = file_read_at(k->reader.fd, text, line->len, line->at);
	if (n < 0)
		result = err_set(err, (int)n, "read: %s", strerror((int)-n));
	else
		result = index_decode(e, text, (size_t)n, err);
	free(text);
	return result;
}

static char *
path_of(uint32_t number, void *data)
{
	struct index_entry e;
	char *path = NULL;

	if (decode_line(data, number, &e, NULL) == 0)
		path = xstrdup(e.run_dir);
	index_entry_release(&e);
	return path;
}

static int
compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return left < right ? -1 : left > right;
}

/* Calls `each` for these lines and the odd ones, in their order. */
static int
give(struct kept *k, uint32_t **numbers, size_t len,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	struct err refused = ERR_INIT;
	bool go_on = true;

	if (k->odd_len > 0) {
		*numbers =
		    xreallocarray(*numbers, len + k->odd_len, sizeof **numbers);
		memcpy(*numbers + len, k->odd, k->odd_len * sizeof *k->odd);
		len += k->odd_len;
		qsort(*numbers, len, sizeof **numbers, compare_numbers);
	}
	for (size_t i = 0; go_on && i < len; i++) {
		struct err why = ERR_INIT;
		struct index_entry e;

		if (decode_line(k, (*numbers)[i], &e, &why) == 0)
			go_on = each(&e, data);
		else if (why.code < 0)
			index_refuse(
			    &refused, k->state_dir, (*numbers)[i], &why);
		index_entry_release(&e);
	}
	return refused.code == 0
	    ? 0
	    : err_set(err, refused.code, "%s", refused.message);
}

int
index_each_of(const char *state_dir, const struct directory_now *now,
    bool (*each)(const struct index_entry *e, void *data), void *data,
    struct err *err)
{
	struct kept *k = kept_of(state_dir);
	int result = look(k, err);
	uint32_t *numbers;
	size_t len;

	if (result < 0)
		return result;
	len = dir_table_find(&k->directories, now, path_of, k, &numbers);
	result = give(k, &numbers, len, each, data, err);
	free(numbers);
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

int
index_has(const char *state_dir, const char *attempt, struct err *err)
{
	struct kept *k = kept_of(state_dir);
	struct one one = {.attempt = attempt};
	uint32_t *numbers = NULL;
	size_t len = 0;
	uint32_t at;
	int result = look(k, err);

	if (result < 0)
		return result;
	for (at = multimap_find(&k->attempts, multimap_hash(attempt)); at != 0;
	     at = multimap_next(&k->attempts, at)) {
		numbers = xreallocarray(numbers, len + 1, sizeof *numbers);
		numbers[len++] = multimap_value(&k->attempts, at);
	}
	result = give(k, &numbers, len, is_the_one, &one, err);
	free(numbers);
	return one.found ? 1 : result == -EBADMSG ? 0 : result;
}
