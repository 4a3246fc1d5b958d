#include "wrap/attempt/report_json.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/path.h"
#include "format/jsonwrite.h"

#define REPORT_VERSION 1

static void
put_delivery(struct jsonwrite *w, const struct delivery_status *s)
{
	static const char *const states[] = {
	    [DELIVERY_WAITING] = "pending",
	    [DELIVERY_ACTIVE] = "pending",
	    [DELIVERY_FINISHED] = "complete",
	    [DELIVERY_BLOCKED] = "blocked",
	    [DELIVERY_GIVEN_UP] = "pending",
	};

	jsonwrite_open(w, '{');
	jsonwrite_text_member(w, "tracker", s->tracker);
	jsonwrite_text_member(w, "state", states[s->state]);
	jsonwrite_int_member(w, "delivered", (int64_t)s->delivered);
	jsonwrite_int_member(w, "rejected", (int64_t)s->rejected);
	jsonwrite_int_member(w, "pending", (int64_t)s->pending);
	jsonwrite_text_member(w, "place", s->place);
	jsonwrite_text_member(w, "error", s->why[0] != '\0' ? s->why : NULL);
	jsonwrite_open_member(w, "notes", '[');
	for (size_t i = 0; i < s->note_len; i++)
		jsonwrite_text(w, s->notes[i]);
	jsonwrite_close(w, ']');
	jsonwrite_close(w, '}');
}

void
report_add_json(
    struct report *r, const struct attempt *a, const struct values *v)
{
	const struct watcher *watcher = attempt_watcher(a);
	struct delivery_status status;
	struct jsonwrite w;
	char *name;

	if (!r->wants_json)
		return;
	if (r->run_count > 0)
		buf_addc(&r->json, ',');
	jsonwrite_init(&w, &r->json, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "attempt", attempt_name(a));
	jsonwrite_text_member(&w, "run_id", attempt_run_id(a));
	jsonwrite_text_member(&w, "run_dir", attempt_start(a)->run_dir);
	name = report_name(a);
	jsonwrite_text_member(&w, "name", name);
	free(name);
	jsonwrite_text_member(&w, "status",
	    attempt_is_ended(a) && !attempt_is_left(a)
		? run_status_name(attempt_status(a))
		: NULL);
	jsonwrite_text_member(&w, "stopped_by", attempt_stop_reason(a));
	if (watcher != NULL) {
		const struct mapping *m =
		    derive_mapping(watcher_derive(watcher));

		jsonwrite_int_member(
		    &w, "record_count", (int64_t)m->record_count);
		jsonwrite_int_member(
		    &w, "malformed_lines", (int64_t)m->malformed_lines);
		jsonwrite_int_member(
		    &w, "experiment_count", (int64_t)m->live_len);
	}
	jsonwrite_bool_member(&w, "journal_in_memory", attempt_in_memory(a));
	values_write(v, &w);
	jsonwrite_open_member(&w, "trackers", '[');
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &status);
		put_delivery(&w, &status);
	}
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
}

/* A device or a FIFO is written to: in its place a file would be a surprise. A
 * FIFO without a reader is an error, and no reason to wait. */
static int
write_special(const char *path, const struct buf *text, struct err *err)
{
	int fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return err_errno(err, "%s", path);
	result = file_write_all(fd, text->data, text->len, err);
	close(fd);
	return result;
}

/* The file that a symbolic link names is replaced, not the link. */
static int
write_file(const char *path, const struct buf *text, struct err *err)
{
	char *real = realpath(path, NULL);
	char *parent = path_parent(real != NULL ? real : path);
	int dir_fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int result;

	if (dir_fd < 0) {
		result = err_errno(err, "%s", path);
	} else {
		result =
		    file_replace(dir_fd, path_base(real != NULL ? real : path),
			text->data, text->len, 0666, err);
		close(dir_fd);
	}
	free(parent);
	free(real);
	return result;
}

int
report_write(const struct report *r, const char *path, struct err *err)
{
	struct buf text;
	struct stat st;
	int result;

	buf_init(&text, REPORT_MAX_BYTES + 64);
	buf_addf(&text, "{\"version\":%d,\"runs\":[", REPORT_VERSION);
	buf_add(&text, r->json.data, r->json.len);
	buf_adds(&text, "]}\n");
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		result = write_special(path, &text, err);
	else
		result = write_file(path, &text, err);
	buf_release(&text);
	return result;
}
