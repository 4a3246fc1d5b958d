/* Writes meta.yaml of experiments, runs, models and versions as MLflow's
 * file store reads it, and quotes its texts. */
#include "tracker/mlflow/store/store.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/tempfile.h"
#include "format/text.h"
#include "http/http.h"

/* Names of 500 characters, paths. */
#define META_MAX_BYTES (256 * 1024)

/* What YAML calls not printable, and its line breaks beyond \n. */
static bool
must_escape(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c <= 0xa0) || c == 0x2028 ||
	    c == 0x2029 || c == 0xfeff || c == 0xfffe || c == 0xffff;
}

void
mlruns_quote(struct buf *out, const char *text)
{
	struct buf utf8;
	const char *p;

	buf_init(&utf8, META_MAX_BYTES);
	text_to_utf8(&utf8, text);
	buf_addc(out, '"');
	for (p = utf8.data; *p != '\0';) {
		uint32_t c = text_next(&p);

		if (c == '"' || c == '\\')
			buf_addf(out, "\\%c", (char)c);
		else if (must_escape(c))
			buf_addf(out, "\\u%04x", c);
		else
			text_put(out, c);
	}
	buf_addc(out, '"');
	buf_release(&utf8);
}

void
mlruns_uri(struct buf *out, const char *path)
{
	buf_adds(out, "file://");
	http_escape(out, path, "/");
}

static void
put_text(struct buf *out, const char *key, const char *text)
{
	buf_addf(out, "%s: ", key);
	mlruns_quote(out, text);
	buf_addc(out, '\n');
}

static void
put_int(struct buf *out, const char *key, int64_t value)
{
	buf_addf(out, "%s: %jd\n", key, (intmax_t)value);
}

static void
put_uri(struct buf *out, const char *key, const char *dir, const char *below)
{
	struct buf uri;

	buf_init(&uri, META_MAX_BYTES);
	mlruns_uri(&uri, dir);
	buf_adds(&uri, below);
	put_text(out, key, uri.data);
	buf_release(&uri);
}

/* Whole or not at all: until it is there, MLflow does not see the run. */
static int
put_meta(int fd, const char *word, const struct buf *text, struct err *err)
{
	const struct tempfile_bytes bytes = {text->data, text->len, 0666, true};

	return tempfile_write(fd, "meta.yaml", word, &bytes, err);
}

int
mlruns_write_meta(
    const struct mlruns_run *run, int status, int64_t end_ms, struct err *err)
{
	struct buf b;
	int fd = mlruns_run_open(run, err), result;

	if (fd < 0)
		return fd;
	buf_init(&b, META_MAX_BYTES);
	put_uri(&b, "artifact_uri", run->dir, "/artifacts");
	if (end_ms > 0)
		put_int(&b, "end_time", end_ms);
	else
		buf_adds(&b, "end_time: null\n");
	put_text(&b, "entry_point_name", "");
	put_text(&b, "experiment_id", run->experiment_id);
	buf_adds(&b, "lifecycle_stage: active\n");
	put_text(&b, "run_id", run->id);
	put_text(&b, "run_name", run->name);
	put_text(&b, "source_name", "");
	put_int(&b, "source_type", 4);
	put_text(&b, "source_version", "");
	put_int(&b, "start_time", run->start_ms);
	put_int(&b, "status", status);
	buf_adds(&b, "tags: []\n");
	put_text(&b, "user_id", run->user != NULL ? run->user : "");
	result = put_meta(fd, run->word, &b, err);
	close(fd);
	if (result < 0)
		err_prefix(err, "%s", run->dir);
	buf_release(&b);
	return result;
}

int
mlruns_write_experiment(
    int fd, const char *dir, const char *id, const char *name, struct err *err)
{
	int64_t now_ms = clock_wall_us() / 1000;
	struct buf b;
	int result;

	buf_init(&b, META_MAX_BYTES);
	put_uri(&b, "artifact_location", dir, "");
	put_int(&b, "creation_time", now_ms);
	put_text(&b, "experiment_id", id);
	put_int(&b, "last_update_time", now_ms);
	buf_adds(&b, "lifecycle_stage: active\n");
	put_text(&b, "name", name);
	result = put_meta(fd, NULL, &b, err);
	buf_release(&b);
	return result;
}

int
mlruns_write_model(int fd, const char *name, int64_t now_ms, struct err *err)
{
	struct buf b;
	int result;

	buf_init(&b, META_MAX_BYTES);
	put_int(&b, "creation_timestamp", now_ms);
	buf_adds(&b, "description: null\n");
	put_int(&b, "last_updated_timestamp", now_ms);
	put_text(&b, "name", name);
	result = put_meta(fd, NULL, &b, err);
	buf_release(&b);
	return result;
}

int
mlruns_write_version(
    int fd, const struct mlruns_version *version, struct err *err)
{
	struct buf b;
	int result;

	buf_init(&b, META_MAX_BYTES);
	put_int(&b, "creation_timestamp", version->now_ms);
	put_text(&b, "current_stage", "None");
	buf_adds(&b, "description: null\n");
	put_int(&b, "last_updated_timestamp", version->now_ms);
	put_text(&b, "name", version->name);
	put_text(&b, "run_id", version->run_id);
	buf_adds(&b, "run_link: null\n");
	put_text(&b, "source", version->source);
	put_text(&b, "status", "READY");
	buf_adds(&b, "status_message: null\n");
	put_text(&b, "storage_location", version->source);
	put_text(&b, "user_id", version->user != NULL ? version->user : "");
	put_int(&b, "version", version->number);
	result = put_meta(fd, NULL, &b, err);
	buf_release(&b);
	return result;
}
