/* Makes the first entry of an attempt: what the user asked for, who ran it, and
 * where. */
#ifndef WRAP_ATTEMPT_START_H
#define WRAP_ATTEMPT_START_H

#include "wrap/attempt/attempt.h"

/* Fills a START entry from the options. Paths of options are made absolute. */
void attempt_make_start(struct entry *e, const struct attempt_config *config,
    const char *name, int64_t time_us);

/* Makes the same targets with the URIs as the user gave them, secrets included,
 * for this process alone. attempt_free_targets frees them. */
struct target *attempt_make_targets(
    const struct options *options, bool secrets, size_t *len);
/* Sets target.destination of each target: where a run of this directory would
 * go. A negative errno: not all can be told now, those are NULL. */
int attempt_name_destinations(struct target *targets, size_t len,
    const struct options *options, const char *run_dir, struct err *err);
void attempt_free_targets(struct target *targets, size_t len);

/* The text of one tracker option: a path becomes absolute, a URI loses its
 * secrets unless `secrets` is set. The caller frees it. */
char *attempt_option_text(
    const struct option_row *row, const char *value, bool secrets);

/* Does the path of the run directory lead to the directory that is tracked? 1, 0,
 * or a negative errno: it could not be looked at. */
int attempt_path_leads(const struct attempt_config *config, struct err *err);

#endif
