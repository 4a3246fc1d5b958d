/* What stands in a run's files already: read up to the first record that is not
 * whole in each, as TensorBoard does. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/scan.h"
#include "format/crc32c.h"
#include "tracker/tensorboard/run.h"

#define READ_BYTES (64 * 1024)
/* Room for the largest record. */
#define RECORD_BYTES_MAX ((size_t)1 << 30)

struct event {
	struct tbrun *run;
	int64_t step;
	bool has_points;
};

static bool
has_text(const struct tfevent_value *value, const char *tag)
{
	return value->tag_len == strlen(tag) &&
	    memcmp(value->tag, tag, value->tag_len) == 0;
}

static void
on_value(const struct tfevent_value *value, void *data)
{
	struct event *event = data;
	struct tbrun *run = event->run;
	struct tbrun_tag *tag;
	char *name;

	if (has_text(value, TFEVENT_HPARAMS_START_TAG)) {
		run->has_row = run->shared->has_row = true;
		return;
	}
	if (has_text(value, TFEVENT_HPARAMS_END_TAG)) {
		run->has_end = true;
		return;
	}
	if (has_text(value, TBRUN_PARAMS_TAG) && value->text != NULL) {
		run->has_params = true;
		run->params_crc = crc32c(0, value->text, value->text_len);
		return;
	}
	name = xstrndup(value->tag, value->tag_len);
	tag = tbrun_tag(run, name);
	free(name);
	tag->on_disk++;
	if (value->text != NULL) {
		tag->kind = TBRUN_TEXT;
		return;
	}
	tag->kind = value->histogram ? TBRUN_HISTOGRAM : TBRUN_SCALAR;
	event->has_points = true;
}

static int
take_event(struct tbrun *run, const char *bytes, size_t len)
{
	struct event event = {.run = run};
	int error;

	error = tfevent_read(bytes, len, &event.step, on_value, &event);
	if (error < 0)
		return error;
	if (event.step > run->last_step)
		run->last_step = event.step;
	if (event.has_points &&
	    (event.step > TBRUN_STEP_MAX || event.step < TBRUN_STEP_MIN))
		run->shared->has_far_step = true;
	return 0;
}

/* Takes the whole records at the front of `bytes`. Negative: no more of this
 * file can be read. */
static int
take_records(struct tbrun *run, struct buf *bytes)
{
	size_t at = 0, event_len;
	const char *event;
	int64_t size = 1;

	while (size > 0) {
		size = tfevent_record(
		    bytes->data + at, bytes->len - at, &event, &event_len);
		if (size > 0 && take_event(run, event, event_len) < 0)
			size = -EBADMSG;
		if (size > 0)
			at += (size_t)size;
	}
	buf_consume(bytes, at);
	return size < 0 ? -EBADMSG : 0;
}

static int
read_file(struct tbrun *run, int dirfd, const char *name, struct err *err)
{
	int fd = file_open_regular(dirfd, name, NULL, err), result = 0;
	struct buf bytes;
	ssize_t got = 1;
	char *room;

	if (fd == -EINVAL)
		return 0;
	if (fd < 0)
		return fd;
	buf_init(&bytes, RECORD_BYTES_MAX);
	while (result == 0 && got > 0) {
		room = buf_reserve(&bytes, READ_BYTES);
		if (room == NULL)
			break;
		got = read(fd, room, READ_BYTES);
		if (got > 0) {
			buf_advance(&bytes, (size_t)got);
			result = take_records(run, &bytes);
		}
	}
	if (got < 0)
		result = err_errno(err, "%s/%s", run->path, name);
	else
		result = 0;
	buf_release(&bytes);
	close(fd);
	return result;
}

static int
is_event_file(const struct dirent *d)
{
	return strstr(d->d_name, "tfevents") != NULL;
}

static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

int
tbrun_read_back(struct tbrun *run, int dir, struct err *err)
{
	struct dirent **names = NULL;
	int count = scan_folder(dir, &names, is_event_file, by_name);
	int result = 0, i;

	if (count < 0)
		return err_errno(err, "cannot read %s", run->path);
	for (i = 0; i < count; i++) {
		if (result == 0)
			result = read_file(run, dir, names[i]->d_name, err);
		run->has_files = true;
		free(names[i]);
	}
	free(names);
	return result;
}
