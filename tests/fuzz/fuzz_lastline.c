/*
 * The last line that a command printed: numbers or nothing. What comes of it is
 * an entry that can be written and read again.
 */
#include "tests/fuzz/fuzz.h"
#include "wrap/attempt/stdout_line.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry e, again;
	struct buf line;
	size_t n;

	entry_init(&e, ENTRY_METRICS, 1);
	e.metrics.experiment = ENTRY_NO_EXPERIMENT;
	n = lastline_read((const char *)data, size, "stdout/", &e);
	expect(n == e.metrics.len && n <= size);
	for (size_t i = 0; i < n; i++)
		expect(strncmp(e.metrics.list[i].name, "stdout/", 7) == 0 &&
		    e.metrics.list[i].name[7] != '\0');
	buf_init(&line, 2 * ENTRY_LINE_MAX);
	if (entry_encode(&e, &line) == 0) {
		expect(line.data[line.len - 1] == '\n');
		fuzz_expect_json(line.data, line.len);
		expect(
		    entry_decode(&again, line.data, line.len - 1, NULL) == 0);
		expect(again.metrics.len == n);
		for (size_t i = 0; i < n; i++)
			expect(fuzz_same(e.metrics.list[i].name,
			    again.metrics.list[i].name));
		entry_release(&again);
	}
	buf_release(&line);
	entry_release(&e);
	return 0;
}
