/*
 * Samples system metrics of the command and the processes below it, and of the
 * GPUs, at an interval.
 *
 *	s = sampler_new(&config);     the first sample comes after an interval
 *	sampler_now(s, &values);      one more, for who can't wait
 *	sampler_free(s);
 *
 * The process that asks the GPUs is started with the first sample that is due,
 * so a short command has none.
 */
#ifndef WRAP_WORKER_SAMPLER_H
#define WRAP_WORKER_SAMPLER_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/loop.h"
#include "wrap/worker/usage.h"

struct sampler;

struct sampler_config {
	struct loop *loop;
	pid_t command;
	int64_t launched_ms; /* monotonic */
	long interval_ms;
	/* `more`: they belong to the sample before, and came later. */
	void (*taken)(
	    const struct metric *list, size_t len, bool more, void *data);
	/* Called once: there is no /proc to look at. */
	void (*blind)(void *data);
	void *data;
};

struct sampler *sampler_new(const struct sampler_config *config);
void sampler_free(struct sampler *s);

/* As it is now; the processor's share is of the time since the last sample. No
 * values: nothing can be seen. */
void sampler_now(struct sampler *s, struct usage_values *values);

#endif
