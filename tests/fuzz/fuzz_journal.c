/*
 * A line of a journal: whatever it is, it is read or refused; what was read is
 * written and read again to the same bytes.
 */
#include "journal/entry.h"
#include "tests/fuzz/fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct entry first, second;
	struct buf line, again;

	if (entry_decode(&first, (const char *)data, size, NULL) < 0)
		return 0;
	buf_init(&line, 2 * ENTRY_LINE_MAX);
	buf_init(&again, 2 * ENTRY_LINE_MAX);
	expect(entry_encode(&first, &line) == 0);
	expect(line.len <= ENTRY_LINE_MAX && line.data[line.len - 1] == '\n');
	fuzz_expect_json(line.data, line.len);
	expect(entry_decode(&second, line.data, line.len - 1, NULL) == 0);
	expect(entry_encode(&second, &again) == 0);
	expect(line.len == again.len &&
	    memcmp(line.data, again.data, line.len) == 0);
	entry_release(&first);
	entry_release(&second);
	buf_release(&line);
	buf_release(&again);
	return 0;
}
