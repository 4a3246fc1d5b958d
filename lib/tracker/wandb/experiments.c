#include "tracker/wandb/experiments.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

const struct entry_table wandb_experiments = {.name = (char *)"experiments"};

/* Numbers alone: W&B's own names and histograms are no columns. */
static bool
is_column(const struct paramset_item *item)
{
	const char *json = item->value.text;

	return strncmp(item->name, "_", 1) != 0 &&
	    (isdigit((unsigned char)json[0]) || json[0] == '-');
}

static void
merge_summary(const struct wandb_run *run, struct wandb_values *values)
{
	wandb_values_merge(values, &run->rows.summary);
	wandb_values_merge(values, &run->rows.final);
}

/* All names of all experiments, in the order of their first appearance. */
static void
find_columns(const struct wandb_children *c, struct wandb_values *names)
{
	for (size_t i = 0; i < c->len; i++)
		merge_summary(&c->list[i]->run, names);
}

static void
write_columns(struct wandb_table *table, const struct wandb_values *names)
{
	const struct paramset_item *item;
	struct jsonwrite w;

	buf_adds(&table->out, "{\"columns\":");
	jsonwrite_init(&w, &table->out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	jsonwrite_text(&w, "model");
	jsonwrite_text(&w, "probe");
	table->column_count = 2;
	TAILQ_FOREACH (item, &names->set.list, link) {
		if (!is_column(item))
			continue;
		if (table->column_count == WANDB_TABLE_COLUMNS_MAX) {
			table->cut = true;
			break;
		}
		jsonwrite_text(&w, item->name);
		table->column_count++;
	}
	jsonwrite_close(&w, ']');
	buf_adds(&table->out, ",\"data\":[");
}

static void
write_json(struct jsonwrite *w, const char *json)
{
	if (json != NULL)
		jsonwrite_raw(w, json, strlen(json));
	else
		jsonwrite_null(w);
}

/* A param of the experiment, which has the mapping's prefix. */
static void
write_param(struct jsonwrite *w, const struct wandb_run *run, const char *name)
{
	const char *prefix = run->info->start->prefix;
	char *full = xasprintf("%s%s", prefix != NULL ? prefix : "", name);

	write_json(w, wandb_values_get(&run->config, full));
	free(full);
}

static void
write_row(struct wandb_table *table, const struct wandb_run *run,
    const struct wandb_values *names)
{
	const struct paramset_item *item;
	struct wandb_values values;
	int64_t columns = 2;
	struct jsonwrite w;

	if (table->rows > 0)
		buf_addc(&table->out, ',');
	wandb_values_init(&values);
	merge_summary(run, &values);
	jsonwrite_init(&w, &table->out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '[');
	write_param(&w, run, "model_name");
	write_param(&w, run, "probe_name");
	TAILQ_FOREACH (item, &names->set.list, link)
		if (is_column(item) && columns++ < table->column_count)
			write_json(&w, wandb_values_get(&values, item->name));
	jsonwrite_close(&w, ']');
	wandb_values_release(&values);
	table->rows++;
}

void
wandb_experiments_write(
    const struct wandb_children *c, struct wandb_table *table)
{
	struct wandb_values names;

	wandb_values_init(&names);
	find_columns(c, &names);
	write_columns(table, &names);
	for (size_t i = 0; i < c->len; i++)
		write_row(table, &c->list[i]->run, &names);
	wandb_values_release(&names);
}
