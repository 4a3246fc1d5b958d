/*
 * Reads what an earlier attempt's journal says, and whether the records are
 * still those that it was made from.
 */
#ifndef WRAP_ATTEMPT_PAST_H
#define WRAP_ATTEMPT_PAST_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/entry.h"
#include "journal/index.h"
#include "journal/journal.h"

struct attempt;

/* What the adopted journal holds already. */
struct attempt_past {
	uint64_t entries;         /* but the first and the end */
	uint64_t derived_entries; /* entries that derive has made */
	char **artifacts;
	size_t artifact_len;
	bool has_config;   /* the params of the configuration */
	bool batch;        /* which says that the records come all at the end */
	bool has_numbers;  /* it has the numbers of the output's last line */
	char *stop_reason; /* a rule of --stop-if held; NULL: none did */
	char *run_id;
	int64_t last_step;
	int64_t samples; /* of system metrics */
	bool ended;
	enum run_status status;
	int64_t ended_us;
	int64_t records_end; /* offset behind the last RECORDS entry's part */
	/* The records up to the last point. */
	int64_t records_bytes;
	uint32_t records_crc32c;
};

/* Reads the whole journal; `start` gets its first entry. */
int attempt_past_read(struct attempt_past *past, const struct journal *j,
    struct entry *start, struct err *err);
/* As attempt_past_read, for a journal that belongs to another process. */
int attempt_past_peek(const char *state_dir, const char *attempt,
    struct attempt_past *past, struct entry *start, struct err *err);
void attempt_past_release(struct attempt_past *past);

bool attempt_past_has_artifact(
    const struct attempt_past *past, const char *name);

/* Are the records from which the journal was made still there, unchanged?
 * Returns 1, 0, or a negative errno if they could not be looked at. */
int attempt_past_fits(
    const struct attempt_past *past, const char *run_dir, struct err *err);

/* Finds the attempt that tracked the older records of a directory whose run had
 * ended and is now continued (--resume); *found NULL: there is none. Allocated.
 * Only attempts that began before `before_us` are looked at. 0, or a negative
 * errno: not all could be looked at, *found is of the rest.
 * `grown`: accepts only an attempt with fewer records than there are now,
 * because otherwise an import to a second place would look like a resume. */
int attempt_past_resumed_from(const char *state_dir, const char *run_dir,
    int64_t before_us, bool grown, char **found, struct err *err);

/* Fills what the index is to know of the run itself. */
void attempt_past_line(const struct attempt *a, struct index_entry *e);

#endif
