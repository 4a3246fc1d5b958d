#include "tracker/tensorboard/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "format/crc32c.h"
#include "format/text.h"
#include "tracker/common/names.h"

/* Values of one step and params of a run, both bounded by the entry's line, in
 * the longer form of an event. */
#define EVENT_BYTES_MAX (16 * (size_t)ENTRY_LINE_MAX)
/* When so many bytes are collected, whole records go to the file. */
#define OUT_BYTES     (256 * 1024)
#define US_PER_SECOND 1e6

static int
compare_tags(const struct tbrun_tag *a, const struct tbrun_tag *b)
{
	return strcmp(a->name, b->name);
}

RB_GENERATE_INTERNAL(
    tbrun_tags, tbrun_tag, node, compare_tags, __attribute__((unused)) static)

struct tbrun *
tbrun_new(struct tbrun_shared *shared, const char *below, int64_t started_us,
    bool again, struct err *err)
{
	struct tbrun *run = xcalloc(1, sizeof(*run));
	int dir, result;

	run->shared = shared;
	run->below = xstrdup(below);
	run->path = below[0] != '\0' ? path_join(shared->path, below)
				     : xstrdup(shared->path);
	run->started_us = started_us;
	RB_INIT(&run->tags);
	paramset_init(&run->params);
	paramset_init(&run->results);
	buf_init(&run->step_bytes, EVENT_BYTES_MAX);
	buf_init(&run->out, 2 * EVENT_BYTES_MAX);
	tbrun_tag(run, TBRUN_PARAMS_TAG)->kind = TBRUN_TEXT;
	tbrun_tag(run, TFEVENT_HPARAMS_START_TAG)->kind = TBRUN_OTHER;
	tbrun_tag(run, TFEVENT_HPARAMS_END_TAG)->kind = TBRUN_OTHER;
	result = dir = tbrun_open_dir(run, true, err);
	if (dir >= 0) {
		result = again ? tbrun_read_back(run, dir, err) : 0;
		close(dir);
	}
	if (result == 0)
		return run;
	tbrun_free(run);
	return NULL;
}

void
tbrun_free(struct tbrun *run)
{
	struct tbrun_tag *tag, *next;

	if (run == NULL)
		return;
	RB_FOREACH_SAFE (tag, tbrun_tags, &run->tags, next) {
		RB_REMOVE(tbrun_tags, &run->tags, tag);
		free(tag->name);
		free(tag);
	}
	paramset_release(&run->params);
	paramset_release(&run->results);
	buf_release(&run->step_bytes);
	buf_release(&run->out);
	free(run->file);
	free(run->path);
	free(run->below);
	free(run);
}

struct tbrun_tag *
tbrun_tag(struct tbrun *run, const char *name)
{
	struct tbrun_tag key = {.name = (char *)name};
	struct tbrun_tag *tag = RB_FIND(tbrun_tags, &run->tags, &key);

	if (tag != NULL)
		return tag;
	tag = xcalloc(1, sizeof(*tag));
	tag->name = xstrdup(name);
	tag->last_step = INT64_MIN;
	RB_INSERT(tbrun_tags, &run->tags, tag);
	return tag;
}

static void
note_invalid(struct tbrun *run)
{
	tracker_note(run->shared->tracker,
	    "text that is no valid Unicode is shown with U+FFFD, a name with "
	    "a digest behind it");
}

/* The tag of a name in text form. */
static struct tbrun_tag *
tag_of(struct tbrun *run, const char *name)
{
	struct tbrun_tag *tag;
	struct buf utf8;

	buf_init(&utf8, ENTRY_LINE_MAX);
	buf_adds(&utf8, "");
	if (names_utf8(&utf8, name))
		note_invalid(run);
	tag = tbrun_tag(run, utf8.data);
	buf_release(&utf8);
	return tag;
}

/* May this tag have one more value of the kind? 1: yes; 0: it stands in an
 * older file; negative: never. */
static int
admit(struct tbrun_tag *tag, enum tbrun_kind kind, struct err *err)
{
	if (tag->kind == TBRUN_UNSEEN)
		tag->kind = kind;
	if (tag->kind != kind)
		return err_set(err, -EINVAL,
		    "%s: TensorBoard has something else under that name",
		    tag->name);
	if (tag->on_disk == 0)
		return 1;
	tag->on_disk--;
	return 0;
}

static int
admit_step(struct tbrun *run, int64_t step, struct err *err)
{
	if (step >= TBRUN_STEP_MIN && step <= TBRUN_STEP_MAX)
		return 0;
	if (run->shared->has_row)
		return err_set(err, -ERANGE,
		    "step %jd would break TensorBoard's HParams tab",
		    (intmax_t)step);
	if (!run->shared->has_far_step)
		tracker_note(run->shared->tracker,
		    "no row in the HParams tab: it can't take steps beyond "
		    "2147483647");
	run->shared->has_far_step = true;
	return 0;
}

/* The event that takes the tag's next value: a tag that comes twice at one step
 * gets two events, as one event has a tag once. */
static void
open_step(
    struct tbrun *run, struct tbrun_tag *tag, int64_t time_us, int64_t step)
{
	if (run->step_open &&
	    (run->step != step || tag->step_serial == run->step_serial ||
		run->step_bytes.len > OUT_BYTES))
		tbrun_end_step(run);
	if (!run->step_open) {
		tfevent_open(&run->step_event, &run->step_bytes,
		    (double)time_us / US_PER_SECOND, step);
		run->step_open = true;
		run->step = step;
		run->step_serial++;
	}
	if (tag->last_step >= step)
		tracker_note(run->shared->tracker,
		    "steps that do not grow: TensorBoard may show the "
		    "last of such points only");
	tag->last_step = step;
	tag->step_serial = run->step_serial;
	if (run->first_value_ms == 0)
		run->first_value_ms = clock_mono_ms();
}

int
tbrun_scalar(struct tbrun *run, const struct tbrun_point *at, double value,
    const char *description, struct err *err)
{
	struct tfevent_about about = {.description = description};
	struct tbrun_tag *tag = tag_of(run, at->name);
	int result = admit_step(run, at->step, err);

	if (result == 0)
		result = admit(tag, TBRUN_SCALAR, err);
	if (result <= 0)
		return result;
	open_step(run, tag, at->time_us, at->step);
	tfevent_scalar(&run->step_event, tag->name, (float)value,
	    tag->in_file ? NULL : &about);
	tag->in_file = true;
	return 0;
}

int
tbrun_histogram(struct tbrun *run, const struct tbrun_point *at,
    const struct tfevent_histogram *h, struct err *err)
{
	struct tbrun_tag *tag = tag_of(run, at->name);
	int result = admit_step(run, at->step, err);

	if (result == 0 && !(isfinite(h->min) && isfinite(h->max)))
		result = err_set(err, -EINVAL,
		    "%s: a histogram without finite ends", tag->name);
	if (result == 0)
		result = admit(tag, TBRUN_HISTOGRAM, err);
	if (result <= 0)
		return result;
	open_step(run, tag, at->time_us, at->step);
	tfevent_histogram(&run->step_event, tag->name, h);
	return 0;
}

static void
put_text(struct tbrun *run, int64_t time_us, int64_t step, const char *tag,
    const char *content)
{
	struct tfevent event;

	tfevent_open(&event, &run->out, (double)time_us / US_PER_SECOND, step);
	tfevent_text(&event, tag, content);
	tfevent_close(&event);
}

int
tbrun_text(struct tbrun *run, const struct tbrun_point *at, const char *content,
    struct err *err)
{
	struct tbrun_tag *tag = tag_of(run, at->name);
	int result = admit(tag, TBRUN_TEXT, err);

	if (result <= 0)
		return result;
	put_text(run, at->time_us, at->step, tag->name, content);
	return 0;
}

int
tbrun_result(struct tbrun *run, const struct tbrun_point *at, double value,
    struct err *err)
{
	const struct value number = {.type = VALUE_DOUBLE, .number = value};
	struct tbrun_tag *tag = tag_of(run, at->name);

	if (tag->kind == TBRUN_SCALAR) {
		/* The whole run's value takes the place of the last one. */
		if (tag->last_step == at->step)
			tag->last_step--;
		return tbrun_scalar(run, at, value, NULL, err);
	}
	paramset_put(&run->results, at->name, &number);
	return 0;
}

/* Writes a table in Markdown, with each name and value in a code span. */
static void
write_table(struct tbrun *run, const char *heading, const struct paramset *set,
    struct buf *out)
{
	const struct paramset_item *item;
	struct buf text;
	bool valid = true;

	buf_init(&text, EVENT_BYTES_MAX);
	buf_addf(out, "| %s | Value |\n| --- | --- |\n", heading);
	TAILQ_FOREACH (item, &set->list, link) {
		buf_adds(out, "| ");
		valid = tfevent_code_span(out, item->name) && valid;
		buf_adds(out, " | ");
		buf_reset(&text);
		value_text(&item->value, &text);
		buf_adds(&text, "");
		valid = tfevent_code_span(
			    out, text.data != NULL ? text.data : "") &&
		    valid;
		buf_adds(out, " |\n");
	}
	buf_release(&text);
	if (!valid)
		note_invalid(run);
}

static void
write_name(struct tbrun *run, struct buf *out)
{
	if (run->name == NULL)
		return;
	buf_adds(out, "Run ");
	if (!tfevent_code_span(out, run->name))
		note_invalid(run);
	buf_adds(out, "\n\n");
}

void
tbrun_params(struct tbrun *run, int64_t time_us, int64_t step)
{
	struct buf content;
	uint32_t crc;

	if (step > TBRUN_STEP_MAX)
		step = TBRUN_STEP_MAX;
	buf_init(&content, EVENT_BYTES_MAX);
	write_name(run, &content);
	write_table(run, "Param", &run->params, &content);
	crc = crc32c(0, content.data, content.len);
	if (!buf_overflowed(&content) &&
	    (!run->has_params || crc != run->params_crc)) {
		put_text(run, time_us, step, TBRUN_PARAMS_TAG, content.data);
		run->has_params = true;
		run->params_crc = crc;
	}
	buf_release(&content);
}

int
tbrun_results(struct tbrun *run, int64_t time_us, int64_t step, struct err *err)
{
	const struct tbrun_point at = {
	    .time_us = time_us, .step = step, .name = TBRUN_RESULTS_TAG};
	struct buf content;
	int result = 0;

	if (run->results.len == 0)
		return 0;
	buf_init(&content, EVENT_BYTES_MAX);
	write_table(run, "Result", &run->results, &content);
	if (!buf_overflowed(&content))
		result = tbrun_text(run, &at, content.data, err);
	buf_release(&content);
	return result;
}

void
tbrun_end_step(struct tbrun *run)
{
	if (!run->step_open)
		return;
	tfevent_close(&run->step_event);
	buf_add(&run->out, run->step_bytes.data, run->step_bytes.len);
	buf_reset(&run->step_bytes);
	run->step_open = false;
}
