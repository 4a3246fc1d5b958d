/*
 * Event files of TensorBoard, read back. The first byte of the input says what
 * it is: even, a file as it stands; odd, events with lines "----" between them,
 * which are put into records here, because no mutation finds a checksum. Any
 * file is read or left; the run goes on in a file of its own, whose records are
 * whole.
 */
#include <endian.h>

#include "base/path.h"
#include "format/crc32c.h"
#include "tracker/tensorboard/tfevent.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/tensorboard/run.h"

#define SECOND_US 1000000

/* The engine's, which is not here. */
void
tracker_note(struct tracker *t, const char *format, ...)
{
	(void)t;
	expect(format[0] != '\0');
}

static void
put_crc(struct buf *out, const void *data, size_t len)
{
	uint32_t crc = crc32c(0, data, len);

	crc = htole32(((crc >> 15) | (crc << 17)) + 0xA282EAD8u);
	buf_add(out, &crc, sizeof crc);
}

static void
put_record(struct buf *out, const char *event, size_t len)
{
	uint64_t len_le = htole64(len);

	buf_add(out, &len_le, sizeof len_le);
	put_crc(out, &len_le, sizeof len_le);
	buf_add(out, event, len);
	put_crc(out, event, len);
}

static void
on_value(const struct tfevent_value *value, void *data)
{
	const struct buf *event = data;

	expect(value->tag >= event->data &&
	    value->tag + value->tag_len <= event->data + event->len);
	if (value->text != NULL)
		expect(value->text >= event->data &&
		    value->text + value->text_len <= event->data + event->len);
}

/* Every record of our own file is whole. */
static void
check_own(const char *path)
{
	const char *event;
	struct buf bytes;
	size_t at = 0, len;
	int64_t size = 1, step;

	buf_init(&bytes, (size_t)1 << 26);
	expect(file_read_all(AT_FDCWD, path, &bytes, NULL) == 0);
	while (at < bytes.len && size > 0) {
		size = tfevent_record(
		    bytes.data + at, bytes.len - at, &event, &len);
		expect(size > 0);
		expect(tfevent_read(event, len, &step, on_value, &bytes) == 0);
		at += (size_t)size;
	}
	buf_release(&bytes);
}

/* -ERANGE and -EINVAL: a step too far or a tag of another kind stands there. */
static void
go_on(struct tbrun *run)
{
	static const struct tbrun_point loss = {SECOND_US, 1, "loss"},
					note = {SECOND_US, 2, "note"};
	struct err err = ERR_INIT;
	char *file;

	tbrun_scalar(run, &loss, 0.5, NULL, &err);
	tbrun_end_step(run);
	tbrun_text(run, &note, "text", &err);
	tbrun_params(run, SECOND_US, 2);
	tbrun_row(run);
	tbrun_row_end(run, RUN_FINISHED, 2 * SECOND_US);
	expect(tbrun_write(run, &err) == 0);
	if (run->file != NULL) {
		file = path_join(run->path, run->file);
		check_own(file);
		free(file);
	}
}

static void
make_file(struct buf *file, const char *at, const char *end, bool events)
{
	int64_t step;

	buf_init(file, (size_t)1 << 26);
	if (!events)
		buf_add(file, at, (size_t)(end - at));
	while (events && at < end) {
		struct buf event = {.max = (size_t)1 << 26};
		size_t len;

		event.data = fuzz_part(&at, end, &len);
		event.len = len;
		tfevent_read(event.data, len, &step, on_value, &event);
		put_record(file, event.data, len);
		free(event.data);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tracker tracker = {.ops = NULL};
	struct tbrun_shared shared = {.tracker = &tracker};
	struct err err = ERR_INIT;
	struct tbrun *run;
	struct buf file;
	char *dir;

	if (size == 0)
		return 0;
	dir = fuzz_make_dir("run");
	make_file(&file, (const char *)data + 1, (const char *)data + size,
	    data[0] % 2 == 1);
	fuzz_put("run/events.out.tfevents.1.host.1.0", file.data, file.len);
	buf_release(&file);
	shared.path = dir;
	shared.dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	run = tbrun_new(&shared, "", SECOND_US, true, &err);
	expect(run != NULL);
	go_on(run);
	tbrun_free(run);
	close(shared.dir);
	free(dir);
	fuzz_clear();
	return 0;
}
