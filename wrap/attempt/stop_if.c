#include "wrap/attempt/stop_if.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "mapping/rule_values.h"
#include "wrap/attempt/private.h"

/* The next look comes after so long at the latest. */
#define STALL_MAX_MS INT64_C(86400000)

static bool
is_watched(const struct attempt *a)
{
	return a->config.rule_holds != NULL && a->rule_len > 0 &&
	    a->end == END_OPEN && a->stop_reason == NULL;
}

/* Returns why, allocated. */
static char *
reason(const struct attempt *a, const struct derive *d, const struct rule *rule,
    double value)
{
	const char *text = a->config.options->stop_if[rule - a->rules];
	long long records = (long long)derive_last_step(d);

	return xasprintf("%s: %s was %.4g after %lld record%s", text,
	    rule->name, value, records, records == 1 ? "" : "s");
}

static void
keep_reason(struct attempt *a)
{
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, clock_wall_us());
	e.params.stop = true;
	entry_add_param_text(&e, STOP_REASON, a->stop_reason);
	attempt_keep(a, &e);
}

static void
look(struct attempt *a, const struct derive *d, double stalled_seconds)
{
	const struct rule *rule;
	double value;

	/* Nobody knows yet whether one that is held is a run of its own. */
	if (!is_watched(a) || a->hold != HOLD_NOTHING || !a->streams ||
	    attempt_has_manifest(a))
		return;
	rule =
	    rule_values_find(d, a->rules, a->rule_len, stalled_seconds, &value);
	if (rule == NULL)
		return;
	a->stop_reason = reason(a, d, rule, value);
	log_verbose("%s: to be stopped: %s", attempt_name(a), a->stop_reason);
	keep_reason(a);
	a->config.rule_holds(a, a->config.data);
}

/* Sets the timer for the moment at which the first of the rules on the time since the
 * last record may hold. */
static void
set_timer(struct attempt *a)
{
	double least = -1, in_ms;

	for (size_t i = 0; i < a->rule_len; i++)
		if (strcmp(a->rules[i].name, RULE_STALLED) == 0 &&
		    (least < 0 || a->rules[i].number < least))
			least = a->rules[i].number;
	if (least < 0 || !is_watched(a))
		return;
	/* A millisecond beyond, because "more than" is meant. */
	least = least * 1000 + 1;
	in_ms = least - (double)(clock_mono_ms() - a->counted_ms);
	/* None holds as long as no record is expected, so we look later. */
	if (in_ms < 1)
		in_ms = least;
	loop_timer_set(a->config.loop, &a->stall_timer,
	    in_ms < STALL_MAX_MS ? (int64_t)in_ms : STALL_MAX_MS);
}

static void
on_stall_timer(struct loop_timer *timer)
{
	struct attempt *a = timer->data;

	if (a->watcher != NULL && !a->left_alone)
		look(a, watcher_derive(a->watcher),
		    (double)(clock_mono_ms() - a->counted_ms) / 1000);
	set_timer(a);
}

static void
on_counted(const struct derive *d, void *data)
{
	struct attempt *a = data;

	a->counted_ms = clock_mono_ms();
	a->left_alone = false;
	a->streams = !a->batch && !derive_mapping(d)->harness;
	look(a, d, -1);
}

void
attempt_note_config(struct attempt *a, bool batch)
{
	a->batch = batch;
	a->streams = !batch;
	a->counted_ms = clock_mono_ms();
}

void
attempt_watch_rules(struct attempt *a, struct derive_config *config)
{
	const struct options *o = a->config.options;
	char why[RULE_WHY_MAX];

	if (a->past.stop_reason != NULL && !a->config.new_command)
		a->stop_reason = xstrdup(a->past.stop_reason);
	if (a->config.rule_holds == NULL || o->stop_if_len == 0)
		return;
	a->rules = xcalloc(o->stop_if_len, sizeof(*a->rules));
	for (; a->rule_len < o->stop_if_len; a->rule_len++)
		/* The options have been checked. */
		if (rule_parse(&a->rules[a->rule_len], o->stop_if[a->rule_len],
			RULE_COMPARES | RULE_AFTER, why) != 0)
			die("--stop-if %s", why);
	if (a->past.has_config)
		attempt_note_config(a, a->past.batch);
	config->counted = on_counted;
	config->counted_data = a;
	a->counted_ms = clock_mono_ms();
	a->stall_timer = (struct loop_timer){.fire = on_stall_timer, .data = a};
	set_timer(a);
	/* A worker before us has written the reason, and may not have told it. */
	if (a->stop_reason != NULL)
		a->config.rule_holds(a, a->config.data);
}

void
attempt_leave_alone(struct attempt *a)
{
	a->left_alone = true;
}

void
attempt_forget_rules(struct attempt *a)
{
	loop_timer_cancel(a->config.loop, &a->stall_timer);
	free(a->rules);
	free(a->stop_reason);
}

bool
attempt_is_batch(const struct entry_params *config)
{
	for (size_t i = 0; i < config->len; i++)
		if (strcmp(config->list[i].name, STOP_BATCH_PARAM) == 0)
			return config->list[i].value.type == VALUE_BOOL &&
			    config->list[i].value.boolean;
	return false;
}

static void
say_too_late(struct attempt *a, const char *who)
{
	struct err err = ERR_INIT;

	err_set(&err, -ENODATA, STOP_TOO_LATE, who);
	attempt_say(a, &err);
}

void
attempt_say_rules(struct attempt *a)
{
	const struct derive *d;
	struct err err = ERR_INIT;
	double value;

	if (a->config.rule_holds == NULL || a->rule_len == 0 ||
	    a->watcher == NULL || a->stop_reason != NULL)
		return;
	d = watcher_derive(a->watcher);
	if (derive_mapping(d)->harness) {
		say_too_late(a, STOP_HARNESS);
		return;
	}
	if (a->batch)
		say_too_late(a, STOP_BATCH);
	for (size_t i = 0; i < a->rule_len; i++) {
		const char *name = a->rules[i].name;

		if (derive_last_step(d) == 0 ||
		    strcmp(name, RULE_STALLED) == 0 ||
		    rule_values_get(d, name, &value))
			continue;
		err_set(&err, -ENODATA,
		    "--stop-if %s: no record had a value for %s",
		    a->config.options->stop_if[i], name);
		attempt_say(a, &err);
	}
}
