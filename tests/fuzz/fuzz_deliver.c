/*
 * A hostile journal is delivered: the first byte chooses the tracker, the rest
 * is the file. Delivery comes to an end, nothing is written outside the
 * tracker's own place, and what is JSON there is whole.
 */
#include <dirent.h>

#include "tests/fuzz/state.h"
#include "tracker/tracker.h"

#define FOLDER   "state/runs/" STATE_ATTEMPT
#define DRAIN_MS 100

struct chosen {
	const char *tracker, *option;
};

static const struct chosen trackers[] = {{"local", "local-dir"},
    {"tensorboard", "tensorboard-dir"}, {"mlflow", "mlflow-uri"},
    {"wandb", "wandb-dir"}};

static void
on_changed(struct delivery *d, void *data)
{
	(void)d;
	loop_stop(data);
}

struct waiting {
	struct loop *loop;
	struct delivery *delivery;
	struct loop_turn turn;
};

static void
on_turn(struct loop_turn *turn)
{
	struct waiting *w = turn->data;

	if (delivery_is_settled(w->delivery))
		loop_stop(w->loop);
}

static void
deliver(
    struct journal *j, const struct entry *start, const struct target *target)
{
	struct waiting w = {.loop = loop_new()};
	const struct delivery_config config = {.loop = w.loop,
	    .journal = j,
	    .start = &start->start,
	    .started_us = start->time_us,
	    .changed = on_changed,
	    .data = w.loop};
	struct delivery_status s;

	expect(delivery_new(&w.delivery, &config, target, NULL) == 0);
	w.turn = (struct loop_turn){.end = on_turn, .data = &w};
	loop_turn_add(w.loop, &w.turn);
	delivery_kick(w.delivery);
	delivery_drain(w.delivery, DRAIN_MS);
	if (!delivery_is_settled(w.delivery))
		loop_run(w.loop);
	delivery_status(w.delivery, &s);
	expect(s.state != DELIVERY_FINISHED || s.pending == 0);
	expect(s.state != DELIVERY_BLOCKED || s.why[0] != '\0');
	loop_turn_remove(w.loop, &w.turn);
	delivery_free(w.delivery);
	loop_free(w.loop);
}

static int
check_file(const char *path, const struct stat *st, int kind, struct FTW *where)
{
	const char *name = path + where->base;
	size_t len = strlen(name);
	struct buf text;

	(void)st;
	if (kind != FTW_F || len < 5 || strcmp(name + len - 5, ".json") != 0)
		return 0;
	buf_init(&text, (size_t)1 << 26);
	expect(file_read_all(AT_FDCWD, path, &text, NULL) == 0);
	fuzz_expect_json(text.data, text.len);
	buf_release(&text);
	return 0;
}

/* Beside the folders that are there nothing was made, and nothing in the
 * working directory. */
static void
check_place(void)
{
	DIR *dir = opendir(fuzz_dir());
	char *out = fuzz_path("out"), *cwd = fuzz_path("cwd");
	const struct dirent *d;

	while ((d = readdir(dir)) != NULL)
		expect(d->d_name[0] == '.' || strcmp(d->d_name, "out") == 0 ||
		    strcmp(d->d_name, "cwd") == 0 ||
		    strcmp(d->d_name, "state") == 0);
	closedir(dir);
	expect(rmdir(cwd) == 0 && mkdir(cwd, 0700) == 0 && chdir(cwd) == 0);
	free(cwd);
	nftw(out, check_file, 16, FTW_PHYS);
	free(out);
}

/* With an end, if it has none: else there is nothing to wait for. */
static bool
take_over(const char *state, struct journal **j, struct entry *start)
{
	struct journal_reader r;
	bool ended = false;
	struct entry e;
	int result;

	if (journal_adopt(state, STATE_ATTEMPT, j, NULL) < 0)
		return false;
	journal_reader_init(&r, *j);
	if (journal_read(&r, start, NULL) <= 0) {
		journal_reader_release(&r);
		journal_close(*j);
		return false;
	}
	while ((result = journal_read(&r, &e, NULL)) > 0) {
		ended = e.kind == ENTRY_END;
		entry_release(&e);
	}
	journal_reader_release(&r);
	if (!ended) {
		entry_init(&e, ENTRY_END, 1764000000000000);
		e.end.status = RUN_KILLED;
		expect(journal_append(*j, &e, NULL) == 0);
		expect(journal_flush(*j, NULL) == 0);
	}
	if (start->kind == ENTRY_START)
		return true;
	entry_release(start);
	journal_close(*j);
	return false;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct chosen *chosen;
	char *state, *out, *cwd;
	struct journal *j;
	struct entry start;

	expect(here >= 0);
	clearenv();
	chosen = &trackers[(size > 0 ? data[0] : 0) %
	    (sizeof trackers / sizeof trackers[0])];
	state = fuzz_make_state("state");
	out = fuzz_make_dir("out");
	cwd = fuzz_make_dir("cwd");
	expect(chdir(cwd) == 0);
	if (size > 0)
		fuzz_put(FOLDER "/journal.jsonl", data + 1, size - 1);
	if (take_over(state, &j, &start)) {
		struct pair options[] = {{(char *)chosen->option, out}};
		struct target target = {.tracker = (char *)chosen->tracker,
		    .options = options,
		    .option_len = 1};

		/* As after a kill, too: what stands there is taken up. */
		deliver(j, &start, &target);
		check_place();
		deliver(j, &start, &target);
		check_place();
		entry_release(&start);
		journal_close(j);
	}
	free(state);
	free(out);
	free(cwd);
	expect(fchdir(here) == 0);
	close(here);
	fuzz_clear();
	return 0;
}
