/*
 * W&B's log file after a kill: whatever stands in it, the records that are
 * written again make the same file as in an empty one. The first two bytes of
 * the input say how much of the right file is there; the rest follows it.
 */
#include "tracker/wandb/file.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/wandb/log_file.h"

#define NAME "run-x.wandb"

/* One that fills a block to its last header, one over three blocks, small ones.
 */
static const size_t lengths[] = {5, 32768 - 7 - 7 - 5 - 7 - 7, 70000, 0, 300};

static void
write_records(const char *dir)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct wandb_log log;

	expect(wandb_log_open(&log, fd, NAME, NULL) == 0);
	for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
		for (size_t n = 0; n < lengths[i]; n++)
			buf_addc(&log.record, (char)(n * 7 + i));
		expect(wandb_log_add(&log) == 0);
		if (i % 2 == 0)
			expect(wandb_log_flush(&log, NULL) == 0);
	}
	expect(wandb_log_flush(&log, NULL) == 0);
	wandb_log_close(&log);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *dir = fuzz_make_dir("run");
	struct buf right, torn, again;
	size_t keep;

	write_records(dir);
	fuzz_get("run/" NAME, &right);
	buf_init(&torn, (size_t)1 << 26);
	keep = size >= 2 ? (size_t)data[0] * 256 + data[1] : 0;
	/* Two bytes don't reach its end. */
	keep = keep * 2 < right.len ? keep * 2 : right.len;
	buf_add(&torn, right.data, keep);
	if (size > 2)
		buf_add(&torn, data + 2, size - 2);
	fuzz_put("run/" NAME, torn.data, torn.len);
	write_records(dir);
	fuzz_get("run/" NAME, &again);
	/* What stands behind the last record is not looked at. */
	expect(again.len >= right.len);
	expect(memcmp(again.data, right.data, right.len) == 0);
	buf_release(&right);
	buf_release(&torn);
	buf_release(&again);
	free(dir);
	fuzz_clear();
	return 0;
}
