#include "wrap/attempt/table.h"

#include <stddef.h>
#include <string.h>

#include "base/die.h"

#define OPTION "table"
#define TEXT   "text"

/* The columns have this order. Without --table=text there is none that may hold
 * a prompt, an answer or what somebody wrote in a score. */
static const struct {
	const char *name;
	bool plain, text;
} columns[] = {
    {"example_id", true, true},
    {"model.params.name", true, true},
    {"model.model_id", true, true},
    {"probe.probe_id", true, true},
    {"status", true, true},
    {"error_type", true, true},
    {"latency_ms", true, true},
    {"scores.#", true, false},
    {"scores.*", false, true},
    {"usage.#", true, true},
    {"input", false, true},
    {"output_text", false, true},
    {"error", false, true},
    {"messages_hash", true, true},
    {"custom.replicate_key", true, true},
    {"custom.output_fingerprint", true, true},
};

static const char *
find_option(const struct entry_start *start)
{
	const char *text = NULL;

	for (size_t i = 0; i < start->target_len && text == NULL; i++)
		text = target_option(&start->targets[i], OPTION);
	return text;
}

bool
attempt_make_table(struct entry *e, const struct entry_start *start,
    const char *records, int64_t time_us)
{
	const char *option = find_option(start);
	bool text = option != NULL && strcmp(option, TEXT) == 0;
	size_t count = sizeof columns / sizeof columns[0];
	struct entry_table *t = &e->table;

	if (option == NULL)
		return false;
	entry_init(e, ENTRY_TABLE, time_us);
	t->name = xstrdup("records");
	t->path = xstrdup(records);
	t->columns = xcalloc(count, sizeof *t->columns);
	for (size_t i = 0; i < count; i++)
		if (text ? columns[i].text : columns[i].plain)
			t->columns[t->column_len++] = xstrdup(columns[i].name);
	return true;
}
