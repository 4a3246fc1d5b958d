/* Gives system metrics to the runs: each sample to all that are written, and one
 * to a run that ends before a sample was due. */
#include "base/clock.h"
#include "wrap/worker/private.h"
#include "wrap/worker/sampler.h"

#define US_PER_MS 1000

static void
on_taken(const struct metric *list, size_t len, bool more, void *data)
{
	struct runs *runs = data;
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link)
		if (!run_is_over(run))
			attempt_sample(run->attempt, list, len, more);
}

static void
on_blind(void *data)
{
	const struct runs *runs = data;

	report_say(runs->config.report,
	    "no system metrics: there is no /proc to read them from");
}

void
runs_begin_sampling(struct runs *runs)
{
	int64_t since_us =
	    clock_wall_us() - clock_us(&runs->config.launched->wall);
	struct sampler_config config = {
	    .loop = runs->config.loop,
	    .command = runs->config.launched->command,
	    .launched_ms = clock_mono_ms() - since_us / US_PER_MS,
	    .interval_ms = options_system_metrics_ms(runs->config.options),
	    .taken = on_taken,
	    .blind = on_blind,
	    .data = runs,
	};

	if (runs->sampler == NULL && config.interval_ms > 0)
		runs->sampler = sampler_new(&config);
}

/* The kernel's sums of the command are better than what is left of it. */
void
run_sample_last(const struct run *run, const struct attempt_outcome *outcome,
    struct usage_values *values)
{
	struct sampler *sampler = run->runs->sampler;

	values->len = 0;
	if (sampler == NULL || attempt_has_sample(run->attempt))
		return;
	if (outcome->has_usage)
		usage_of_child(values, &outcome->usage, outcome->wall_seconds);
	else
		sampler_now(sampler, values);
}
