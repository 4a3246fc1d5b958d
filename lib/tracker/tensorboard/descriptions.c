#include "tracker/tensorboard/descriptions.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

/* A name that ends with a slash stands for all that begin so. */
static const struct {
	const char *name, *text;
} table[] = {
    {"total_count", "Records so far."},
    {"success_count", "Records with status `success`."},
    {"error_count",
	"Records with status `error`; timeouts are not "
	"among them."},
    {"timeout_count", "Records with status `timeout`."},
    {"success_rate", "`success_count / total_count`."},
    {"error_rate", "Errors per record."},
    {"record_count", "All records of the run."},
    {"experiment_count", "Pairs of model and probe."},
    {"duration_seconds",
	"From the first `started_at` to the last "
	"`completed_at` of the records, which insideLLMs "
	"computes: not real time."},
    {"wall_time_seconds", "From the start of the command to its end."},
    {"avg_latency_ms", "Mean `latency_ms` of successful records."},
    {"mean_latency_ms", "Mean `latency_ms` of successful records."},
    {"min_latency_ms", "Least `latency_ms` of successful records."},
    {"max_latency_ms", "Largest `latency_ms` of successful records."},
    {"accuracy", "The probe's own accuracy."},
    {"observed/records_per_second",
	"Records that arrived in a second, as the observer saw it: of the last "
	"10 seconds, at the end of the whole run."},
    {"observed/latency_ms",
	"Median time from one record's arrival to the next, as the observer "
	"saw it: of the last 10 seconds, at the end of the whole run."},
    {"observed/latency_p50_ms",
	"Half of the records took no longer, as the observer saw it."},
    {"observed/latency_p95_ms",
	"95 % of the records took no longer, as the observer saw it."},
    {"observed/latency_p99_ms",
	"99 % of the records took no longer, as the observer saw it."},
    {"process/user_cpu_seconds", "CPU time of the command outside the kernel."},
    {"process/system_cpu_seconds",
	"CPU time of the command inside the kernel."},
    {"process/max_rss_bytes", "Most memory the command had at once."},
    {"calls/", "From insideLLMs' receipts of its calls of the model."},
    {"system/",
	"Of the command and the processes below it, GPUs of the whole machine; "
	"the step is the number of the sample."},
    {"scores/", "Mean of this score over the records so far."},
    {"errors/", "Records with this error type so far."},
    {"usage/", "Sum of this usage over the records so far."},
};

static bool
matches(const char *name, const char *known)
{
	size_t len = strlen(known);

	if (known[len - 1] == '/')
		return strncmp(name, known, len) == 0;
	return strcmp(name, known) == 0;
}

const char *
tensorboard_about(const char *name, const char *prefix)
{
	size_t i, len = strlen(prefix);

	if (strncmp(name, prefix, len) == 0)
		name += len;
	for (i = 0; i < sizeof(table) / sizeof(*table); i++)
		if (matches(name, table[i].name))
			return table[i].text;
	return NULL;
}
