/*
 * The file of a journal, whatever is in it: it is read, peeked at, passed over,
 * taken over and gone on with. Who goes on with it keeps every whole line, and
 * what is appended is the last entry then.
 */
#include "tests/fuzz/state.h"

#define FOLDER "state/runs/" STATE_ATTEMPT
#define FILE   FOLDER "/journal.jsonl"

/* How many entries can be read, and where that ends. Peeking and passing over
 * must agree with it. */
static size_t
read_entries(int64_t *end)
{
	struct journal_reader r, skipper;
	char *state = fuzz_path("state");
	enum entry_kind kind, seen;
	struct entry e;
	size_t n = 0;

	expect(journal_reader_open(&r, state, STATE_ATTEMPT, NULL) == 0);
	expect(journal_reader_open(&skipper, state, STATE_ATTEMPT, NULL) == 0);
	seen = ENTRY_START;
	for (;;) {
		int peeked = journal_peek(&r, &kind, NULL);

		if (peeked > 0)
			seen = kind;
		if (journal_read(&r, &e, NULL) <= 0)
			break;
		expect(peeked == 1 && e.kind == seen);
		expect(journal_skip(&skipper, NULL) == 1);
		expect(skipper.offset == r.offset);
		entry_release(&e);
		n++;
	}
	*end = r.offset;
	journal_reader_release(&r);
	journal_reader_release(&skipper);
	free(state);
	return n;
}

/* Appends an entry; what was there up to `kept` still is. */
static void
go_on(struct journal *j, const uint8_t *data, size_t kept)
{
	struct entry e, last = {.kind = ENTRY_START};
	struct journal_reader r;
	struct buf bytes;
	int result;

	expect((size_t)journal_size(j) >= kept);
	entry_init(&e, ENTRY_RUN_ID, 7);
	e.run_id = xstrdup("ours");
	expect(journal_append(j, &e, NULL) == 0);
	entry_release(&e);
	expect(journal_flush(j, NULL) == 0);
	fuzz_get(FILE, &bytes);
	expect(bytes.len > kept && bytes.data[bytes.len - 1] == '\n');
	expect(memcmp(bytes.data, data, kept) == 0);
	journal_reader_init(&r, j);
	while ((result = journal_read(&r, &e, NULL)) > 0) {
		entry_release(&last);
		last = e;
	}
	/* What can't be read stands before it. */
	if (result == 0)
		expect(last.kind == ENTRY_RUN_ID &&
		    strcmp(last.run_id, "ours") == 0);
	entry_release(&last);
	journal_reader_release(&r);
	buf_release(&bytes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *newline = memrchr(data, '\n', size);
	size_t whole =
	    newline != NULL ? (size_t)(newline + 1 - (const char *)data) : 0;
	char *state = fuzz_make_state("state"), *folder = fuzz_path(FOLDER);
	struct journal *j;
	int64_t end, last_step;
	int result;

	fuzz_put(FILE, data, size);
	read_entries(&end);
	expect(end >= 0 && (size_t)end <= whole);
	result =
	    journal_continue(state, STATE_ATTEMPT, 0, &j, &last_step, NULL);
	if (result == 0) {
		go_on(j, data, whole);
		journal_close(j);
	}
	fuzz_put(FILE, data, size);
	result = journal_adopt(state, STATE_ATTEMPT, &j, NULL);
	if (result == 0) {
		go_on(j, data, whole);
		expect(journal_remove(j, NULL) == 0);
		expect(access(folder, F_OK) < 0);
		journal_close(j);
	}
	free(folder);
	free(state);
	fuzz_clear();
	return 0;
}
