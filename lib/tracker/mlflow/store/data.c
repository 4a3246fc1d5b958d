/* metrics/<key>: lines "timestamp value step", appended whole. params/<key>,
 * tags/<key>: the bare value. A line that is there twice breaks MLflow's
 * migration, a torn one every search, so a file of an earlier process is
 * compared with what it should have before it grows: the run gets its points
 * from the start. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/store/store.h"

/* Points of one batch in one file: 1000 entries of 60 bytes. */
#define LINES_MAX_BYTES (16 * 1024 * 1024)
#define VALUE_MAX_BYTES (1024 * 1024)
/* Of a component, of the path to a file. */
#define NAME_MAX_BYTES 4096
#define PATH_MAX_BYTES (64 * 1024)

struct series {
	char *key;
	struct buf lines; /* of this batch */
	int64_t at;       /* where in the file they belong */
	int64_t next;     /* where those of the next batch do */
	bool known;       /* it was written to before */
	bool level;       /* the file ends there: nothing is to be compared */
};

struct mlruns_points {
	struct series **list; /* sorted by key */
	struct series *
	    *in_turn; /* as they came: who comes first has its name */
	size_t len, cap;
};

struct mlruns_points *
mlruns_points_new(void)
{
	return xcalloc(1, sizeof(struct mlruns_points));
}

void
mlruns_points_free(struct mlruns_points *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->len; i++) {
		buf_release(&p->list[i]->lines);
		free(p->list[i]->key);
		free(p->list[i]);
	}
	free(p->list);
	free(p->in_turn);
	free(p);
}

/* Where the key is, or where it belongs. */
static size_t
position(const struct mlruns_points *p, const char *key, bool *found)
{
	size_t low = 0, high = p->len;

	*found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(p->list[middle]->key, key);

		if (order == 0) {
			*found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct series *
series_of(struct mlruns_points *p, const char *key)
{
	bool found;
	size_t at = position(p, key, &found);
	struct series *s;

	if (found)
		return p->list[at];
	if (p->len == p->cap) {
		p->cap = p->cap > 0 ? p->cap * 2 : 32;
		p->list = xreallocarray(p->list, p->cap, sizeof *p->list);
		p->in_turn =
		    xreallocarray(p->in_turn, p->cap, sizeof *p->in_turn);
	}
	s = xcalloc(1, sizeof *s);
	memmove(
	    p->list + at + 1, p->list + at, (p->len - at) * sizeof *p->list);
	p->list[at] = p->in_turn[p->len++] = s;
	s->key = xstrdup(key);
	buf_init(&s->lines, LINES_MAX_BYTES);
	return s;
}

static void
put_value(struct buf *out, double value)
{
	if (isnan(value))
		buf_adds(out, "nan");
	else if (isinf(value))
		buf_adds(out, value > 0 ? "inf" : "-inf");
	else
		buf_addf(out, "%.17g", value);
}

void
mlruns_points_add(struct mlruns_points *p, const char *key, int64_t time_ms,
    double value, int64_t step)
{
	struct series *s = series_of(p, key);

	buf_addf(&s->lines, "%jd ", (intmax_t)time_ms);
	put_value(&s->lines, value);
	buf_addf(&s->lines, " %jd\n", (intmax_t)step);
}

/* Is the name that of a folder where a value is to be, or the other way round?
 * 0 or 1, or an errno: what could not be looked at is not free. Whatever else
 * stands there is in nobody's way here: who opens it refuses it. */
static int
is_taken(int folder, const char *name, bool want_file, struct err *err)
{
	struct stat st;

	if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_errno(err, "%s", name);
	return want_file ? S_ISDIR(st.st_mode) : S_ISREG(st.st_mode);
}

/* Appends the component to the path of the folder, under another name where a
 * value has the name of a folder or the other way round; *name is where it
 * begins in the path. 1: under another one. */
static int
add_component(int folder, struct buf *path, size_t *name, const char *component,
    bool want_file, struct err *err)
{
	size_t len = strcspn(component, "/");
	char *wanted = xstrndup(component, len);
	int result, renamed = 0;

	buf_addc(path, '/');
	*name = path->len;
	for (;;) {
		struct buf other;

		result = is_taken(folder, wanted, want_file, err);
		if (result <= 0)
			break;
		renamed = 1;
		buf_init(&other, NAME_MAX_BYTES);
		mlflow_component(&other, wanted, strlen(wanted));
		free(wanted);
		wanted = buf_steal(&other);
	}
	buf_adds(path, wanted);
	free(wanted);
	return result < 0 ? result : renamed;
}

/* Opens <kind>/<key> below the run's directory, its own directories made; path
 * gets the name. Keys `a` and `a/b` can't both be files: the later one gets a
 * name beside it, by the same steps in every process (*renamed). */
static int
open_below(int dir, const char *key, int flags, struct buf *path, bool *renamed,
    struct err *err)
{
	int folder = folder_open(dir, path->data, true, err), result = folder;
	bool last = false;

	while (result >= 0 && !last) {
		size_t len = strcspn(key, "/"), name;

		last = key[len] == '\0';
		result = add_component(folder, path, &name, key, last, err);
		*renamed = *renamed || result > 0;
		if (result >= 0)
			result = last
			    ? folder_open_file(
				  folder, path->data + name, flags, err)
			    : folder_open(folder, path->data + name, true, err);
		close(folder);
		folder = result;
		key += len + 1;
	}
	return result;
}

static int
open_key(const struct mlruns_run *run, const char *kind, const char *key,
    int flags, struct err *err)
{
	struct buf path;
	int dir = mlruns_run_open(run, err), fd;
	bool renamed = false;

	if (dir < 0)
		return dir;
	buf_init(&path, PATH_MAX_BYTES);
	buf_adds(&path, kind);
	fd = open_below(dir, key, flags, &path, &renamed, err);
	close(dir);
	if (renamed && run->tracker != NULL)
		tracker_altered(run->tracker,
		    "%s: stored as %s, because a file store has no room for a "
		    "name and a folder of that name",
		    key, path.data + strlen(kind) + 1);
	if (fd < 0)
		err_prefix(err, "%s/%s", run->dir, path.data);
	buf_release(&path);
	return fd;
}

/* How much of the lines the file has already, in whole lines. A loss of power
 * can leave anything in the place of what was not synced. */
static int
compare(int fd, struct series *s, size_t *same, struct err *err)
{
	struct buf there;
	struct stat st;
	ssize_t n = 0;
	size_t i = 0;

	*same = 0;
	if (fstat(fd, &st) < 0)
		return err_errno(err, "metric file");
	if (st.st_size < s->at)
		s->at = st.st_size;
	buf_init(&there, LINES_MAX_BYTES + 1);
	n = file_read_at(
	    fd, buf_reserve(&there, s->lines.len + 1), s->lines.len + 1, s->at);
	if (n < 0) {
		buf_release(&there);
		return err_set(
		    err, (int)n, "metric file: %s", strerror((int)-n));
	}
	buf_advance(&there, (size_t)n);
	for (; i < there.len && i < s->lines.len &&
	     there.data[i] == s->lines.data[i];
	     i++)
		if (there.data[i] == '\n')
			*same = i + 1;
	s->level = there.len <= s->lines.len;
	buf_release(&there);
	return 0;
}

/* MLflow reads no file with a torn line. Its points may come only later. */
static int
cut_torn_line(int fd, struct err *err)
{
	off_t size = lseek(fd, 0, SEEK_END), at = size;
	int result = file_last_line_end(fd, "metric file", &at, err);

	if (result < 0)
		return result;
	return size < 0 || (at < size && ftruncate(fd, at) < 0)
	    ? err_errno(err, "metric file")
	    : 0;
}

/* Leaves of the lines those that the file has not, and cuts off what stands in
 * their place. */
static int
drop_known(int fd, struct series *s, struct err *err)
{
	size_t same;
	int result = compare(fd, s, &same, err);

	if (result < 0)
		return result;
	s->next = s->at + (int64_t)s->lines.len;
	if (same < s->lines.len) {
		if (ftruncate(fd, s->at + (int64_t)same) < 0)
			return err_errno(err, "metric file");
		s->level = true;
	} else if (!s->level) {
		result = cut_torn_line(fd, err);
	}
	buf_consume(&s->lines, same);
	return result;
}

/* One write; a short one (full disk) is taken back, because a torn line breaks
 * every search of the experiment. */
static int
append(int fd, const struct buf *lines, struct err *err)
{
	off_t before = lseek(fd, 0, SEEK_END);
	ssize_t n;

	if (lines->len == 0)
		return 0;
	n = write(fd, lines->data, lines->len);
	if (n == (ssize_t)lines->len)
		return 0;
	if (n >= 0)
		errno = ENOSPC;
	err_errno(err, "metric file");
	if (ftruncate(fd, before) < 0)
		return err->code;
	return err->code;
}

static int
write_series(const struct mlruns_run *run, struct series *s, struct err *err)
{
	int fd =
	    open_key(run, "metrics", s->key, O_RDWR | O_APPEND | O_CREAT, err);
	int result = 0;

	if (fd < 0)
		return fd;
	if (!s->known) {
		s->level = !run->check;
		if (run->joined)
			result = mlruns_first_of_ours(fd, s->lines.data,
			    strcspn(s->lines.data, "\n") + 1, &s->at, err);
	}
	s->known = result == 0;
	if (result < 0) {
		close(fd);
		return result;
	}
	if (s->level) {
		s->at = lseek(fd, 0, SEEK_END);
		s->next = s->at + (int64_t)s->lines.len;
	} else {
		result = drop_known(fd, s, err);
	}
	if (result == 0)
		result = append(fd, &s->lines, err);
	close(fd);
	return result;
}

int
mlruns_points_write(
    struct mlruns_points *p, const struct mlruns_run *run, struct err *err)
{
	int result = 0;

	for (size_t i = 0; i < p->len && result == 0; i++)
		if (p->in_turn[i]->lines.len > 0)
			result = write_series(run, p->in_turn[i], err);
	for (size_t i = 0; i < p->len; i++) {
		struct series *s = p->in_turn[i];

		/* A batch that failed comes again as a whole. */
		if (result < 0)
			s->level = false;
		else if (s->known)
			s->at = s->next;
		buf_release(&s->lines);
		buf_init(&s->lines, LINES_MAX_BYTES);
	}
	return result;
}

static int
put_text(int fd, const char *value, struct err *err)
{
	if (ftruncate(fd, 0) < 0 || lseek(fd, 0, SEEK_SET) < 0)
		return err_errno(err, "param or tag");
	return file_write_all(fd, value, strlen(value), err);
}

/* A value has no zeros: a loss of power left them in its place. */
static size_t
without_zeros(const char *text, size_t len)
{
	while (len > 0 && text[len - 1] == '\0')
		len--;
	return len;
}

/* What stands there and is a beginning of the value was torn. */
int
mlruns_write_param(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err)
{
	int fd = open_key(run, "params", key, O_RDWR | O_CREAT, err);
	size_t len;
	char *old;
	ssize_t n;
	int result = 0;

	if (fd < 0)
		return fd;
	old = xmalloc(VALUE_MAX_BYTES);
	n = read(fd, old, VALUE_MAX_BYTES);
	len = n < 0 ? 0 : without_zeros(old, (size_t)n);
	if (n < 0)
		result = err_errno(err, "param %s", key);
	else if (len > strlen(value) || memcmp(old, value, len) != 0)
		result = 1;
	else if (len < strlen(value) || len < (size_t)n)
		result = put_text(fd, value, err);
	free(old);
	close(fd);
	return result;
}

int
mlruns_write_tag(const struct mlruns_run *run, const char *key,
    const char *value, struct err *err)
{
	int fd = open_key(run, "tags", key, O_RDWR | O_CREAT, err);
	int result;

	if (fd < 0)
		return fd;
	result = put_text(fd, value, err);
	close(fd);
	return result;
}
