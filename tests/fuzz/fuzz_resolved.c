/*
 * A configuration: its params can be written and are the same when they are read
 * again, none passes the limits, and W&B's form of them is whole JSON.
 */
#include "format/text.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/wandb/nested.h"
#include "watcher/config_params.h"

static void
check_params(const struct entry *e)
{
	struct buf text;

	expect(e->params.len <= CONFIG_PARAMS_MAX);
	for (size_t i = 0; i < e->params.len; i++) {
		const struct param *p = &e->params.list[i];

		expect(strncmp(p->name, "config.", 7) == 0);
		expect(text_length(p->name) <= CONFIG_CHARACTERS_MAX);
		buf_init(&text, ENTRY_LINE_MAX);
		expect(value_text(&p->value, &text) == 0);
		expect(text_length(text.data) <= CONFIG_CHARACTERS_MAX);
		buf_release(&text);
	}
}

static void
check_nested(const struct entry *e)
{
	struct wandb_values values;
	struct json_span whole;
	const char *json;

	wandb_values_init(&values);
	wandb_nested(&values, &e->params);
	json = wandb_values_get(&values, "config");
	expect(json != NULL);
	expect(jsonscan_whole(json, strlen(json), &whole) == 0);
	wandb_values_release(&values);
}

static void
check_line(struct entry *e)
{
	struct err err = ERR_INIT;
	struct buf line, again;
	struct entry copy;

	e->params.config = true;
	buf_init(&line, ENTRY_LINE_MAX);
	buf_init(&again, ENTRY_LINE_MAX);
	expect(entry_encode(e, &line) == 0);
	expect(entry_decode(&copy, line.data, line.len - 1, &err) == 0);
	expect(copy.params.config && copy.params.len == e->params.len);
	expect(entry_encode(&copy, &again) == 0);
	expect(strcmp(line.data, again.data) == 0);
	entry_release(&copy);
	buf_release(&line);
	buf_release(&again);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *bytes = memcpy(xcalloc(size + 1, 1), data, size);
	struct err err = ERR_INIT;
	struct buf left_out;
	struct entry e;

	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	entry_init(&e, ENTRY_PARAMS, 1);
	if (config_params(&e, bytes, size, &left_out, &err) < 0)
		expect(e.params.len == 0 && err.message[0] != '\0');
	expect(!buf_overflowed(&left_out));
	expect(left_out.data == NULL || strchr(left_out.data, '\n') == NULL);
	check_params(&e);
	check_nested(&e);
	check_line(&e);
	entry_release(&e);
	buf_release(&left_out);
	free(bytes);
	return 0;
}
