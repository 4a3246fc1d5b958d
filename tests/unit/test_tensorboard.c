/* What the real readers can't show: refusals, and what a full disk leaves. */
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "tracker/tensorboard/tfevent.h"

#include "fake_engine.h"

extern const struct tracker_ops tracker_tensorboard;

struct found {
	char tags[8192];
	char steps[8192]; /* TAG@STEP of each */
	int64_t step;
	size_t files, events, values;
};

static void
on_value(const struct tfevent_value *value, void *data)
{
	struct found *found = data;
	size_t len = strlen(found->tags);

	found->values++;
	if (len + value->tag_len + 2 < sizeof(found->tags))
		snprintf(found->tags + len, sizeof(found->tags) - len, "%.*s ",
		    (int)value->tag_len, value->tag);
	len = strlen(found->steps);
	if (len + value->tag_len + 24 < sizeof(found->steps))
		snprintf(found->steps + len, sizeof(found->steps) - len,
		    "%.*s@%jd ", (int)value->tag_len, value->tag,
		    (intmax_t)found->step);
}

static void
read_file(struct found *found, const char *dir, const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);
	const char *event;
	struct buf bytes;
	int64_t size = 1;
	size_t at = 0, len;

	buf_init(&bytes, 1 << 26);
	file_read_all(AT_FDCWD, path, &bytes, NULL);
	while (size > 0) {
		size = tfevent_record(
		    bytes.data + at, bytes.len - at, &event, &len);
		if (size <= 0)
			break;
		tfevent_read(event, len, &found->step, on_value, found);
		found->events++;
		at += (size_t)size;
	}
	buf_release(&bytes);
	free(path);
}

static int
is_event_file(const struct dirent *d)
{
	return strstr(d->d_name, "tfevents") != NULL;
}

/* Everything that stands in this directory below the run's, in order. */
static struct found
look_below(const struct fake *f, const char *below)
{
	char *dir = xasprintf("%s%s", f->place, below);
	struct found found = {.step = 0};
	struct dirent **names;
	int count = scandir(dir, &names, is_event_file, alphasort);

	for (int i = 0; i < count; i++) {
		read_file(&found, dir, names[i]->d_name);
		found.files++;
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	free(dir);
	return found;
}

static struct found
look(const struct fake *f)
{
	return look_below(f, "");
}

static enum outcome
send_one(struct fake *f, int64_t step, const char *name, double value)
{
	struct entry e = fake_metrics(step, ENTRY_NO_EXPERIMENT, name, value);
	enum outcome outcome = fake_send(f, LANE_METRICS, &e, 1, false, NULL);

	entry_release(&e);
	return outcome;
}

static void
send_param(struct fake *f, int64_t experiment)
{
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, 1000);
	e.params.experiment = experiment;
	entry_add_param_text(&e, "late", "x");
	fake_send(f, LANE_METRICS, &e, 1, false, NULL);
	entry_release(&e);
}

static void
test_order(void)
{
	struct found found;
	struct fake f;

	fake_init(&f, &tracker_tensorboard);
	ok(fake_open(&f, false) == OUTCOME_DONE, "open");
	found = look(&f);
	is_int((long long)found.events, 2, "version and START at once");
	send_one(&f, 1, "a", 1);
	send_one(&f, 1, "b", 1);
	found = look(&f);
	is_int((long long)found.events, 2, "the open step is held back");
	fake_send(&f, LANE_METRICS, NULL, 0, false, NULL);
	found = look(&f);
	is_text(found.tags, "a b ", "and shown when nothing comes for a while");
	is_int((long long)found.events, 3, "as one event");
	fake_finish(&f, RUN_FINISHED, 1);
	found = look(&f);
	is_text(found.tags,
	    "a b params/text_summary _hparams_/session_start_info "
	    "_hparams_/session_end_info ",
	    "params, row and its end");
	fake_restart(&f, &tracker_tensorboard);
	ok(fake_open(&f, true) == OUTCOME_DONE, "opened again");
	send_one(&f, 1, "a", 1);
	send_one(&f, 1, "b", 1);
	fake_finish(&f, RUN_FINISHED, 1);
	found = look(&f);
	is_int((long long)found.files, 1, "nothing new: no new file");
	send_one(&f, 2, "a", 1);
	fake_finish(&f, RUN_FINISHED, 1);
	found = look(&f);
	is_int((long long)found.files, 2, "something new: a new file");
	is_int((long long)found.values, 6, "with that alone");
	fake_release(&f);
}

static void
test_steps(void)
{
	struct found found;
	struct fake f;

	fake_init(&f, &tracker_tensorboard);
	fake_open(&f, false);
	send_one(&f, INT32_MAX, "a", 1);
	ok(send_one(&f, INT64_C(1) << 31, "a", 1) == OUTCOME_DONE,
	    "a far step before there is a row");
	fake_finish(&f, RUN_FINISHED, 1);
	found = look(&f);
	ok(strstr(found.tags, "_hparams_") == NULL && f.note_len >= 1,
	    "then there is none, and it is said: %s", f.notes[0]);
	fake_release(&f);

	fake_init(&f, &tracker_tensorboard);
	fake_open(&f, false);
	send_one(&f, 1, "a", 1);
	fake_finish(&f, RUN_FINISHED, 1);
	ok(send_one(&f, INT64_C(1) << 31, "a", 1) == OUTCOME_REJECTED,
	    "a far step behind a row is refused: %s", f.err.message);
	ok(send_one(&f, 2, "params/text_summary", 1) == OUTCOME_REJECTED,
	    "so is a metric under a text's name: %s", f.err.message);
	fake_release(&f);
}

/* An experiment, a param, a metric and a histogram of it, the last three at the
 * run's step 12 and its own step 4. */
static void
send_experiment(struct fake *f, bool named)
{
	struct entry e[4];

	entry_init(&e[0], ENTRY_EXPERIMENT, 1000);
	e[0].experiment = (struct entry_experiment){.index = named ? 3 : 4,
	    .id = xstrdup("i"),
	    .model_name = xstrdup("m"),
	    .model_provider = xstrdup("v"),
	    .probe_name = xstrdup("p"),
	    .probe_category = xstrdup("c")};
	entry_init(&e[1], ENTRY_METRICS, 1000);
	e[1].metrics.step = 12;
	e[1].metrics.experiment = 3;
	e[1].metrics.experiment_step = 4;
	entry_add_metric(&e[1], "a", 1);
	entry_init(&e[2], ENTRY_HISTOGRAM, 1000);
	e[2].histogram.name = xstrdup("h");
	e[2].histogram.step = 12;
	e[2].histogram.experiment = 3;
	e[2].histogram.experiment_step = 4;
	e[2].histogram.limits = xcalloc(1, sizeof(double));
	e[2].histogram.counts = xcalloc(1, sizeof(double));
	e[2].histogram.len = 1;
	entry_init(&e[3], ENTRY_PARAMS, 1000);
	e[3].params.experiment = 3;
	entry_add_param_text(&e[3], "q", "x");
	fake_send(f, LANE_METRICS, e, 4, false, NULL);
	for (size_t i = 0; i < 4; i++)
		entry_release(&e[i]);
}

/* The run below has the experiment's own steps, the run of all the others. */
static void
test_own_steps(void)
{
	struct found found;
	struct fake f;

	fake_init(&f, &tracker_tensorboard);
	fake_open(&f, false);
	send_experiment(&f, true);
	fake_finish(&f, RUN_FINISHED, 12);
	found = look_below(&f, "/m/p");
	is_text(found.steps,
	    "a@4 h@4 params/text_summary@0 _hparams_/session_start_info@0 "
	    "_hparams_/session_end_info@0 ",
	    "steps of the experiment's own run");
	fake_restart(&f, &tracker_tensorboard);
	fake_open(&f, true);
	send_experiment(&f, true);
	fake_finish(&f, RUN_FINISHED, 12);
	found = look_below(&f, "/m/p");
	is_int((long long)found.files, 1, "opened again: nothing new");
	fake_restart(&f, &tracker_tensorboard);
	fake_open(&f, true);
	send_experiment(&f, true);
	send_param(&f, 3);
	fake_finish(&f, RUN_FINISHED, 12);
	found = look_below(&f, "/m/p");
	ok(strstr(found.steps, "info@0 params/text_summary@4 ") != NULL,
	    "params that came later stand at its last step: %s", found.steps);
	fake_release(&f);

	fake_init(&f, &tracker_tensorboard);
	fake_open(&f, false);
	send_experiment(&f, false);
	fake_finish(&f, RUN_FINISHED, 12);
	found = look(&f);
	ok(strncmp(found.steps, "a@12 h@12 ", 10) == 0,
	    "in the run of all the step is the run's: %s", found.steps);
	fake_release(&f);
}

static void
test_full(void)
{
	struct rlimit limit = {600, 600}, none;
	enum outcome outcome = OUTCOME_DONE;
	struct found found;
	struct fake f;
	int64_t step;

	fake_init(&f, &tracker_tensorboard);
	fake_open(&f, false);
	getrlimit(RLIMIT_FSIZE, &none);
	limit.rlim_max = none.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
	for (step = 1; outcome == OUTCOME_DONE && step < 100; step++)
		outcome = send_one(&f, step, "a", 1);
	setrlimit(RLIMIT_FSIZE, &none);
	ok(outcome == OUTCOME_BLOCKED, "a write cut in a record: %s",
	    f.err.message + strlen(f.place));
	found = look(&f);
	ok(found.values > 5 && (int64_t)found.values < step,
	    "what stands is readable: %zu points", found.values);
	fake_restart(&f, &tracker_tensorboard);
	fake_open(&f, true);
	for (int64_t s = 1; s < 100; s++)
		send_one(&f, s, "a", 1);
	fake_finish(&f, RUN_FINISHED, 99);
	found = look(&f);
	is_int((long long)found.values, 99 + 3, "the rest follows, once");
	is_int((long long)found.files, 2, "in a new file");
	fake_release(&f);
}

int
main(void)
{
	signal(SIGXFSZ, SIG_IGN);
	test_order();
	test_steps();
	test_own_steps();
	test_full();
	return done_testing();
}
