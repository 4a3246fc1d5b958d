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

/* Everything that stands in the run's own directory, in order. */
static struct found
look(const struct fake *f)
{
	struct found found = {.step = 0};
	struct dirent **names;
	int count = scandir(f->place, &names, is_event_file, alphasort);

	for (int i = 0; i < count; i++) {
		read_file(&found, f->place, names[i]->d_name);
		found.files++;
		free(names[i]);
	}
	if (count >= 0)
		free(names);
	return found;
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
	test_full();
	return done_testing();
}
