/*
 * The index: of any bytes the readable lines are read, and one that can't be
 * used is named; written again they are the same, and each of them is found by
 * its attempt and by its directory.
 */
#include "journal/index.h"
#include "tests/fuzz/state.h"

/* What the second index must hold, line by line. */
struct both {
	char *from, *to;
	struct index_entry *list;
	size_t len, at;
};

static char *
copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

static bool
on_first(const struct index_entry *e, void *data)
{
	struct both *b = data;
	struct index_entry *kept;

	expect(e->attempt != NULL && e->run_dir != NULL);
	expect(e->status <= RUN_KILLED);
	if (index_append(b->to, e, NULL) < 0)
		return true;
	b->list = xreallocarray(b->list, b->len + 1, sizeof *b->list);
	kept = &b->list[b->len++];
	*kept = *e;
	kept->attempt = xstrdup(e->attempt);
	kept->run_id = copy(e->run_id);
	kept->run_dir = xstrdup(e->run_dir);
	kept->places = NULL;
	kept->place_len = 0;
	kept->destinations = NULL;
	kept->destination_len = 0;
	for (size_t i = 0; i < e->place_len; i++) {
		expect(e->places[i].name != NULL && e->places[i].text != NULL);
		index_entry_add_place(kept, e->places[i].name,
		    e->places[i].text,
		    index_entry_destination(e, e->places[i].name));
	}
	return true;
}

static void
expect_equal(const struct index_entry *a, const struct index_entry *b)
{
	expect(fuzz_same(a->attempt, b->attempt));
	expect(fuzz_same(a->run_id, b->run_id));
	expect(fuzz_same(a->run_dir, b->run_dir));
	expect(a->dir_inode == b->dir_inode);
	expect(a->dir_birth_ns == b->dir_birth_ns);
	expect(a->status == b->status);
	expect(a->started_us == b->started_us && a->ended_us == b->ended_us);
	expect(a->records_bytes == b->records_bytes);
	expect(a->records_crc32c == b->records_crc32c);
	expect(a->rejected == b->rejected);
	expect(a->place_len == b->place_len);
	for (size_t i = 0; i < a->place_len; i++) {
		expect(fuzz_same(a->places[i].name, b->places[i].name));
		expect(fuzz_same(a->places[i].text, b->places[i].text));
		expect(fuzz_same(index_entry_destination(a, a->places[i].name),
		    index_entry_destination(b, b->places[i].name)));
	}
}

static bool
on_second(const struct index_entry *e, void *data)
{
	struct both *b = data;

	expect(b->at < b->len);
	expect_equal(&b->list[b->at++], e);
	return true;
}

struct sought {
	const struct index_entry *one;
	bool found;
};

static bool
on_sought(const struct index_entry *e, void *data)
{
	struct sought *sought = data;

	if (strcmp(e->attempt, sought->one->attempt) == 0)
		sought->found = true;
	return true;
}

static void
find_each(const struct both *b)
{
	for (size_t i = 0; i < b->len; i++) {
		struct sought sought = {.one = &b->list[i]};
		const struct directory_now by_inode = {
		    .inode = b->list[i].dir_inode, .path = "/", .real = "/"};
		const struct directory_now by_path = {
		    .inode = b->list[i].dir_inode ^ 1,
		    .path = b->list[i].run_dir,
		    .real = "/"};

		expect(index_has(b->to, b->list[i].attempt, NULL) == 1);
		expect(index_each_of(
			   b->to, &by_inode, on_sought, &sought, NULL) == 0);
		expect(sought.found);
		sought.found = false;
		expect(index_each_of(
			   b->to, &by_path, on_sought, &sought, NULL) == 0);
		expect(sought.found);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct both b = {
	    .from = fuzz_make_state("from"), .to = fuzz_make_state("to")};
	struct err err = ERR_INIT;

	fuzz_put("from/index.jsonl", data, size);
	if (index_each(b.from, on_first, &b, &err) < 0)
		expect(strstr(err.message, "index.jsonl: line ") != NULL);
	expect(index_each(b.to, on_second, &b, NULL) == 0);
	expect(b.at == b.len);
	find_each(&b);
	for (size_t i = 0; i < b.len; i++)
		index_entry_release(&b.list[i]);
	free(b.list);
	free(b.from);
	free(b.to);
	fuzz_clear();
	return 0;
}
