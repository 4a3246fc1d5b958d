#include "tracker/wandb/system.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

#define PREFIX        "system/"
#define GPU_PREFIX    "gpu_"
#define US_PER_SECOND 1e6
#define MEGABYTE      1e6
#define MEBIBYTE      (1024.0 * 1024.0)

/* Ours behind the prefix, W&B's, and what a value is multiplied by. */
struct name {
	const char *ours, *theirs;
	double factor;
};

static const struct name names[] = {
    {"cpu_utilization_percentage", "cpu", 1},
    {"system_memory_usage_megabytes", "proc.memory.rssMB", MEGABYTE / MEBIBYTE},
    {"system_memory_usage_percentage", "proc.memory.percent", 1},
    {"disk_read_megabytes", "disk.in", 1},
    {"disk_written_megabytes", "disk.out", 1},
    {.ours = NULL},
};

/* Behind "gpu_<i>_", and behind "gpu.<i>.". */
static const struct name gpu_names[] = {
    {"utilization_percentage", "gpu", 1},
    {"memory_usage_percentage", "memoryAllocated", 1},
    {"memory_usage_megabytes", "memoryAllocatedBytes", MEGABYTE},
    {"power_usage_watts", "powerWatts", 1},
    {.ours = NULL},
};

bool
wandb_is_system(const struct entry *e)
{
	return e->kind == ENTRY_METRICS && e->metrics.sample > 0;
}

static const struct name *
find(const struct name *list, const char *ours)
{
	while (list->ours != NULL && strcmp(list->ours, ours) != 0)
		list++;
	return list->ours != NULL ? list : NULL;
}

/* "gpu_0_power_usage_watts"; *index is its text and its length. */
static const struct name *
find_gpu(const char *ours, const char **index, int *len)
{
	const size_t before = strlen(GPU_PREFIX);

	if (strncmp(ours, GPU_PREFIX, before) != 0)
		return NULL;
	*index = ours + before;
	*len = (int)strspn(*index, "0123456789");
	return *len > 0 && (*index)[*len] == '_'
	    ? find(gpu_names, *index + *len + 1)
	    : NULL;
}

static void
put(struct wandb_values *values, const char *before, const char *ours,
    double value)
{
	const struct name *name;
	const char *index;
	char *full;
	int len;

	if (strncmp(ours, PREFIX, strlen(PREFIX)) == 0)
		ours += strlen(PREFIX);
	name = find(names, ours);
	if (name != NULL) {
		full = xasprintf("%s%s", before, name->theirs);
	} else if ((name = find_gpu(ours, &index, &len)) != NULL) {
		full = xasprintf(
		    "%sgpu.%.*s.%s", before, len, index, name->theirs);
	} else {
		full = xasprintf("%s%s", before, ours);
	}
	wandb_values_double(
	    values, full, name != NULL ? value * name->factor : value);
	free(full);
}

static void
put_all(struct wandb_values *values, const char *before, const struct entry *e)
{
	for (size_t i = 0; i < e->metrics.len; i++)
		put(values, before, e->metrics.list[i].name,
		    e->metrics.list[i].value);
}

void
wandb_system_stats(struct wandb_values *values, const struct entry *e)
{
	put_all(values, "", e);
}

void
wandb_system_event(struct wandb_values *values, const struct wandb_run *run,
    const struct entry *e)
{
	wandb_values_json(values, "_wandb", "true");
	wandb_values_double(
	    values, "_timestamp", (double)e->time_us / US_PER_SECOND);
	wandb_values_double(values, "_runtime",
	    (double)(e->time_us - run->started_us) / US_PER_SECOND);
	put_all(values, "system.", e);
}
