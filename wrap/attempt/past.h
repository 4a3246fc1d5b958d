/*
 * What went before: the journal that is adopted, the attempts that this machine
 * remembers for a run directory.
 */
#ifndef WRAP_ATTEMPT_PAST_H
#define WRAP_ATTEMPT_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/entry.h"
#include "journal/journal.h"

struct attempt;

/* What a journal holds already. */
struct attempt_past {
	uint64_t derived_entries; /* of those that derive makes */
	char **artifacts;
	size_t artifact_len;
	bool has_table;
	bool has_numbers; /* of the output's last line */
	char *run_id;
	int64_t last_step;
	bool ended;
	enum run_status status;
	int64_t ended_us;
	/* The records behind the last point. */
	int64_t records_bytes;
	uint32_t records_crc32c;
};

/* Reads the whole journal; `start` gets its first entry. */
int attempt_past_read(struct attempt_past *past, const struct journal *j,
    struct entry *start, struct err *err);
/* The same of a journal that is not ours. */
int attempt_past_peek(const char *state_dir, const char *attempt,
    struct attempt_past *past, struct entry *start, struct err *err);
void attempt_past_release(struct attempt_past *past);

bool attempt_past_has_artifact(
    const struct attempt_past *past, const char *name);

/* Are the records that the journal was made from still there, in their place?
 */
bool attempt_past_fits(const struct attempt_past *past, const char *run_dir);

/* The attempt that holds the older records of a directory that was ended and
 * is written on now (--resume); NULL: none. Allocated. `grown`: only one with
 * fewer records than there are now, else an import into a second place would
 * pass for a resume. */
char *attempt_past_resumed_from(
    const char *state_dir, const char *run_dir, bool grown);

/* Start of a run that was not seen, from its files; `now_us` if they say
 * nothing. */
int64_t attempt_past_start_us(const char *run_dir, int64_t now_us);

/* Leaves a line in the index, once for each attempt. */
int attempt_past_index(const struct attempt *a, struct err *err);

#endif
