/* The row of a run in TensorBoard's HParams tab: its params, and the results that
 * have no curve, as columns. The tab adds the last values of its curves. */
#include <math.h>
#include <stdlib.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/common/names.h"
#include "tracker/tensorboard/run.h"

/* A param of the longest line of the journal, in UTF-8. */
#define STRING_BYTES_MAX (16 * (size_t)ENTRY_LINE_MAX)
/* Integers that a double holds exactly. */
#define EXACT_INTEGER_MAX (INT64_C(1) << 53)
#define US_PER_SECOND     1e6

/* Numbers that a double holds, truth values, text; what is none of these has no
 * place in the tab. */
static bool
to_hparam(
    const struct value *value, struct tfevent_hparam *h, struct buf *string)
{
	switch (value->type) {
	case VALUE_NULL:
		return false;
	case VALUE_BOOL:
		h->kind = TFEVENT_BOOL;
		h->boolean = value->boolean;
		return true;
	case VALUE_DOUBLE:
		h->kind = TFEVENT_NUMBER;
		h->number = value->number;
		return isfinite(value->number);
	case VALUE_INTEGER:
		if (value->integer <= EXACT_INTEGER_MAX &&
		    value->integer >= -EXACT_INTEGER_MAX) {
			h->kind = TFEVENT_NUMBER;
			h->number = (double)value->integer;
			return true;
		}
		break;
	case VALUE_TEXT:
	case VALUE_JSON:
		break;
	}
	h->kind = TFEVENT_STRING;
	buf_reset(string);
	value_text(value, string);
	buf_addc(string, '\0');
	return !buf_overflowed(string);
}

static char *
to_utf8(const char *text)
{
	struct buf utf8;

	buf_init(&utf8, STRING_BYTES_MAX);
	text_to_utf8(&utf8, text);
	buf_addc(&utf8, '\0');
	return buf_steal(&utf8);
}

/* The columns of a row while they are collected. */
struct columns {
	struct tfevent_hparam *list;
	size_t len;
	struct buf string;
};

static char *
to_name(const char *text)
{
	struct buf name;

	buf_init(&name, STRING_BYTES_MAX);
	buf_adds(&name, "");
	names_utf8(&name, text);
	return buf_steal(&name);
}

/* A result whose name is a param's gets another one. */
static void
add_columns(struct columns *c, const struct paramset *set,
    const struct paramset *before)
{
	const struct paramset_item *item;
	struct tfevent_hparam *h;
	char *name;

	TAILQ_FOREACH (item, &set->list, link) {
		h = &c->list[c->len];
		if (!to_hparam(&item->value, h, &c->string))
			continue;
		if (h->kind == TFEVENT_STRING)
			h->string = to_utf8(c->string.data);
		name = xasprintf("%s%s", item->name,
		    before != NULL && paramset_get(before, item->name) != NULL
			? " (result)"
			: "");
		h->name = to_name(name);
		free(name);
		c->len++;
	}
}

/* What stands under "Trial ID". NULL: the directory's name. */
static char *
row_name(const struct tbrun *run)
{
	char *whole, *name;

	if (run->shared->row_name == NULL)
		return NULL;
	whole = xasprintf("%s%s%s", run->shared->row_name,
	    run->below[0] != '\0' ? "/" : "", run->below);
	name = to_name(whole);
	free(whole);
	return name;
}

void
tbrun_row(struct tbrun *run)
{
	struct columns c = {.len = 0};
	struct tfevent event;
	char *name;
	size_t i;

	if (run->has_row || run->shared->has_far_step)
		return;
	name = row_name(run);
	buf_init(&c.string, STRING_BYTES_MAX);
	c.list =
	    xcalloc(run->params.len + run->results.len + 1, sizeof(*c.list));
	add_columns(&c, &run->params, NULL);
	add_columns(&c, &run->results, &run->params);
	tfevent_open(
	    &event, &run->out, (double)run->started_us / US_PER_SECOND, 0);
	tfevent_hparams_start(&event, name, c.list, c.len,
	    (double)run->started_us / US_PER_SECOND);
	tfevent_close(&event);
	run->has_row = run->shared->has_row = true;
	for (i = 0; i < c.len; i++) {
		free((char *)c.list[i].name);
		free((char *)c.list[i].string);
	}
	free(c.list);
	free(name);
	buf_release(&c.string);
}

void
tbrun_row_end(struct tbrun *run, enum run_status status, int64_t time_us)
{
	struct tfevent event;
	double time = (double)time_us / US_PER_SECOND;

	if (run->has_end || !run->has_row)
		return;
	tfevent_open(&event, &run->out, time, 0);
	tfevent_hparams_end(&event,
	    status == RUN_FINISHED ? TFEVENT_SUCCESS : TFEVENT_FAILURE, time);
	tfevent_close(&event);
	run->has_end = true;
}
