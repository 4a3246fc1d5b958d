/*
 * Decides by the rules of --stop-if whether a run is to be stopped: its running
 * values are looked at with each record, and the time since the last one by a
 * timer. Only of a run that is being written, whose records come one by one, and
 * only until a rule holds or its manifest is there.
 *
 *	attempt_watch_rules(a, &derive_config);  before the watcher is made
 *	attempt_forget_rules(a);
 *
 * Why a run was stopped becomes a param at once, because whoever goes on with
 * the journal has to know it.
 */
#ifndef WRAP_ATTEMPT_STOP_IF_H
#define WRAP_ATTEMPT_STOP_IF_H

#include "mapping/derive.h"
#include "wrap/attempt/attempt.h"

/* The param. */
#define STOP_REASON "stop_reason"

/* The param of the configuration by which insideLLMs writes all records at the
 * end. */
#define STOP_BATCH_PARAM "config.runner.use_probe_batch"
/* What is said where the records come too late for a rule: "a harness writes",
 * "probe batches write". */
#define STOP_TOO_LATE \
	"--stop-if: %s the records when all is over, so no rule can stop it"
#define STOP_HARNESS "a harness writes"
#define STOP_BATCH   "a run with probe batches writes"

/* Do these params of a configuration say that? */
bool attempt_is_batch(const struct entry_params *config);
/* The configuration of a run is known, before its first record: that of a harness
 * comes with the last. */
void attempt_note_config(struct attempt *a, bool batch);
void attempt_watch_rules(struct attempt *a, struct derive_config *config);
/* Its writer has begun another run: until the next record nobody asks how long
 * there was none. */
void attempt_leave_alone(struct attempt *a);
void attempt_forget_rules(struct attempt *a);
/* Says for the report which values a rule asked for and no record had, and
 * whether the records came too late for any rule. */
void attempt_say_rules(struct attempt *a);

#endif
