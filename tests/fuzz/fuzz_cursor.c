/*
 * A tracker's cursor: whatever stands in the file, it is read or refused; what
 * was read is saved and read again as the same.
 */
#include "tests/fuzz/state.h"

#define FOLDER "state/runs/" STATE_ATTEMPT

static void
expect_equal(const struct cursor *a, const struct cursor *b)
{
	for (int i = 0; i < LANE_COUNT; i++) {
		expect(a->offset[i] == b->offset[i] && a->offset[i] >= 0);
	}
	expect(a->delivered == b->delivered && a->rejected == b->rejected);
	expect(a->opened == b->opened && a->finished == b->finished);
	expect(fuzz_same(a->place, b->place));
	expect(a->state_len == b->state_len);
	for (size_t i = 0; i < a->state_len; i++) {
		expect(fuzz_same(a->state[i].name, b->state[i].name));
		expect(fuzz_same(a->state[i].text, b->state[i].text));
		expect(cursor_get(a, a->state[i].name) == a->state[i].text);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *state = fuzz_make_dir("state");
	struct journal *j = journal_create(state, STATE_ATTEMPT, NULL);
	struct cursor once, again;
	struct buf text;

	fuzz_put(FOLDER "/cursor.a", data, size);
	/* What is short as bytes may be too long in ASCII. */
	if (cursor_load(j, "a", &once, NULL) == 0 &&
	    cursor_save(j, "b", &once, NULL) != -EMSGSIZE) {
		expect(
		    cursor_read(state, STATE_ATTEMPT, "b", &again, NULL) == 0);
		expect_equal(&once, &again);
		cursor_release(&again);
		fuzz_get(FOLDER "/cursor.b", &text);
		fuzz_expect_json(text.data, text.len);
		buf_release(&text);
	}
	cursor_release(&once);
	journal_close(j);
	free(state);
	fuzz_clear();
	return 0;
}
