#include "watcher/survey.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/path.h"
#include "format/text.h"
#include "mapping/decode.h"
#include "mapping/limits.h"
#include "mapping/names.h"
#include "watcher/records.h"

static void
take_numbers(struct survey_numbers *n, const struct json_span *object,
    const struct experiment *x)
{
	size_t need = x != NULL ? x->index + 1 : 0;

	numbers_read(&n->names, object);
	sums_add(&n->all, &n->names);
	if (x == NULL || !n->names.any)
		return;
	if (need > n->of_len) {
		n->of = xreallocarray(n->of, 2 * need, sizeof n->of[0]);
		memset(n->of + n->of_len, 0,
		    (2 * need - n->of_len) * sizeof n->of[0]);
		n->of_len = 2 * need;
	}
	sums_add(&n->of[x->index], &n->names);
}

static void
release_numbers(struct survey_numbers *n)
{
	for (size_t i = 0; i < n->of_len; i++)
		sums_release(&n->of[i]);
	free(n->of);
	sums_release(&n->all);
	numbers_release(&n->names);
}

const struct sum *
survey_sum(const struct survey_numbers *n, const struct experiment *x, size_t i)
{
	const struct sums *sums = &n->all;

	if (x != NULL && x->index >= n->of_len)
		return NULL;
	if (x != NULL)
		sums = &n->of[x->index];
	return i < sums->len && sums->list[i].count > 0 ? &sums->list[i] : NULL;
}

static void
read_line(struct survey *s, const char *line, size_t len)
{
	struct record record;
	enum decoded decoded = DECODED_MALFORMED;

	s->line_count++;
	if (line != NULL)
		decoded = decode_line(&record, line, len);
	if (decoded == DECODED_RECORD) {
		const struct experiment *x = mapping_add(&s->mapping, &record);

		take_numbers(&s->scores, &record.scores, x);
		take_numbers(&s->usage, &record.usage, x);
		if (s->each != NULL)
			s->each(s,
			    &(struct survey_record){
				&record, x, line, len, s->line_count},
			    s->each_data);
	}
	if (decoded != DECODED_MALFORMED)
		return;
	s->mapping.malformed_lines++;
	if (s->first_malformed == 0)
		s->first_malformed = s->line_count;
}

static int
read_records(struct survey *s, struct err *err)
{
	struct record record;
	struct lines lines;
	const char *line;
	size_t len;
	int fd, r;

	fd = records_open(s->fd, NULL, err);
	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	s->has_records = true;
	lines_init(&lines, fd);
	while ((r = lines_next(&lines, &line, &len, err)) > 0)
		read_line(s, r == LINES_LINE ? line : NULL, len);
	s->torn_bytes = lines_torn(&lines);
	if (r == 0 && s->manifest.there && lines_rest(&lines, &line, &len) &&
	    decode_line(&record, line, len) == DECODED_RECORD) {
		read_line(s, line, len);
		s->torn_bytes = 0;
	}
	lines_release(&lines);
	close(fd);
	return r;
}

static int
read_manifest(struct survey *s, struct err *err)
{
	struct buf bytes;
	int there;

	buf_init(&bytes, SURVEY_MANIFEST_MAX);
	/* A device or a huge file tells us nothing. */
	there = file_read_linked_if_there(s->fd, MANIFEST_FILE, &bytes, err);
	manifest_read(&s->manifest, there > 0 ? bytes.data : NULL, bytes.len);
	buf_release(&bytes);
	return there < 0 ? there : 0;
}

static char *
name_of(const char *path)
{
	char *real = realpath(path, NULL), *name;

	name = text_path_text(path_base(real != NULL ? real : path));
	free(real);
	return name;
}

void
survey_release(struct survey *s)
{
	release_numbers(&s->scores);
	release_numbers(&s->usage);
	mapping_release(&s->mapping);
	manifest_release(&s->manifest);
	free(s->dir_name);
	if (s->fd >= 0)
		close(s->fd);
}

int
survey_manifest(struct survey *s, const char *path, struct err *err)
{
	*s = (struct survey){.fd = -1, .dir_name = name_of(path)};
	mapping_init(&s->mapping);
	numbers_init(&s->scores.names, "", NUMBERS_NAMES_MAX);
	numbers_init(&s->usage.names, "", NUMBERS_NAMES_MAX);
	s->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s->fd < 0)
		return err_errno(err, "%s", path);
	if (read_manifest(s, err) < 0)
		return err_prefix(err, "%s", path);
	return 0;
}

int
survey_read(struct survey *s, const char *path, struct err *err)
{
	return survey_read_each(s, path, NULL, NULL, err);
}

int
survey_read_each(struct survey *s, const char *path,
    void (*each)(
	const struct survey *s, const struct survey_record *r, void *data),
    void *data, struct err *err)
{
	int r = survey_manifest(s, path, err);

	if (r < 0)
		return r;
	s->each = each;
	s->each_data = data;
	r = file_look(s->fd, MARKER_FILE, AT_SYMLINK_NOFOLLOW, NULL, err);
	if (r < 0)
		return err_prefix(err, "%s", path);
	s->has_marker = r > 0;
	if (read_records(s, err) < 0)
		return err_prefix(err, "%s", path);
	if (!s->has_records && !s->has_marker && !s->manifest.there)
		return err_set(err, -ENOENT,
		    "%s: no run directory: it has no records.jsonl, "
		    "manifest.json or .insidellms_run",
		    path);
	return 0;
}

const char *
survey_run_id(const struct survey *s)
{
	if (s->manifest.run_id != NULL)
		return s->manifest.run_id;
	if (s->mapping.run_ids.len > 0)
		return s->mapping.run_ids.list[0]->text;
	return s->dir_name;
}

const char *
survey_schema_version(const struct survey *s)
{
	return s->mapping.schema_version != NULL ? s->mapping.schema_version
						 : s->manifest.schema_version;
}
