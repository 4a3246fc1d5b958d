#include "wrap/worker/sampler.h"

#include <stdlib.h>

#include "base/die.h"
#include "wrap/worker/gpu.h"

struct sampler {
	struct sampler_config config;
	struct descendants all;
	struct usage before;
	struct loop_timer timer;
	struct gpu *gpu;
	bool asked_gpu;
};

static void
on_gpu(const struct metric *list, size_t len, void *data)
{
	struct sampler *s = data;

	s->config.taken(list, len, true, s->config.data);
}

static void
ask_gpu(struct sampler *s)
{
	if (!s->asked_gpu)
		s->gpu = gpu_new(s->config.loop, on_gpu, s);
	s->asked_gpu = true;
	gpu_ask(s->gpu);
}

static void
on_due(struct loop_timer *timer)
{
	struct sampler *s = timer->data;
	struct usage_values values;
	struct usage now;

	if (s->all.was_blind) {
		s->config.blind(s->config.data);
		return;
	}
	loop_timer_set(s->config.loop, timer, s->config.interval_ms);
	descendants_read(&s->all);
	usage_read(&now, &s->all);
	usage_between(&values, &s->before, &now);
	s->before = now;
	if (values.len == 0)
		return;
	s->config.taken(values.list, values.len, false, s->config.data);
	ask_gpu(s);
}

struct sampler *
sampler_new(const struct sampler_config *config)
{
	struct sampler *s = xcalloc(1, sizeof *s);

	s->config = *config;
	s->timer = (struct loop_timer){.fire = on_due, .data = s};
	descendants_init(&s->all, config->command, "");
	/* Nothing was taken when the command was launched. */
	s->before =
	    (struct usage){.mono_ms = config->launched_ms, .processes = 1};
	loop_timer_set(config->loop, &s->timer, config->interval_ms);
	return s;
}

void
sampler_free(struct sampler *s)
{
	if (s == NULL)
		return;
	gpu_free(s->gpu);
	loop_timer_cancel(s->config.loop, &s->timer);
	descendants_release(&s->all);
	free(s);
}

void
sampler_now(struct sampler *s, struct usage_values *values)
{
	struct usage now;

	values->len = 0;
	if (s->all.was_blind)
		return;
	descendants_read(&s->all);
	usage_read(&now, &s->all);
	usage_between(values, &s->before, &now);
}
