/*
 * One record as trackers send it: the members of a line of records.jsonl that
 * people look for, by one reading of insideLLMs' format for all trackers.
 *
 * Prompts, answers, error messages and texts in scores are there only if the
 * user asked for them (--records=text): else these members are empty, and no
 * tracker can send them by mistake. A digest of the input is always there, so
 * that two runs can be compared by equal inputs.
 *
 *	row_decode(&row, line, len, text);
 *	... row.model, row.scores[i] ...
 *	row_release(&row);
 */
#ifndef TRACKER_COMMON_ROW_H
#define TRACKER_COMMON_ROW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "format/jsonscan.h"

/* Hexadecimal digits of a SHA-256, and a NUL. */
#define ROW_DIGEST_SIZE 65
/* Of a trace, and of its one span behind it. */
#define ROW_TRACE_ID_BYTES 16
#define ROW_SPAN_ID_BYTES  8
#define ROW_IDS_BYTES      (ROW_TRACE_ID_BYTES + ROW_SPAN_ID_BYTES)
/* A number of tokens that the record does not tell. */
#define ROW_NO_TOKENS (-1)

enum row_score_type { ROW_SCORE_NUMBER, ROW_SCORE_BOOL, ROW_SCORE_TEXT };

struct row_score {
	char *name; /* text, as all of these */
	enum row_score_type type;
	double number; /* finite */
	bool boolean;
	char *text;
};

/* Texts are in the form of format/text.h. */
struct row {
	/* From the entry (rows.h), not from the line. */
	int64_t number;     /* of the record in the run, from 1 */
	int64_t experiment; /* index, or ENTRY_NO_EXPERIMENT */
	/* Digests of the attempt and the number, never all zero: the same
	 * whoever sends the record, and however often. */
	unsigned char trace_id[ROW_TRACE_ID_BYTES];
	unsigned char span_id[ROW_SPAN_ID_BYTES];
	/* When it ran. Observed: the arrival of the record, and its latency
	 * before that. Else the record's own times where they can be true, else
	 * both are when the file was last written (less the latency). */
	int64_t start_us, end_us;
	bool observed;

	char *status;     /* insideLLMs' word */
	bool success;     /* it is "success" */
	char *error_type; /* NULL: none */
	char *model, *model_id, *provider, *probe;
	char *example_id;                /* NULL: none */
	char *started_at, *completed_at; /* insideLLMs' own words; NULL: none */
	bool has_latency;
	double latency_ms; /* finite, not negative */
	int64_t input_tokens, output_tokens, total_tokens; /* ROW_NO_TOKENS */
	/* Without text those of numbers and booleans alone. */
	struct row_score *scores;
	size_t score_len;
	/* Scores that no tracker can show: NaN and infinities. */
	size_t scores_left_out;
	/* SHA-256 of the input without its reference answer, as compact JSON
	 * with its members in their order. */
	char input_digest[ROW_DIGEST_SIZE];

	/* Only with text; else NULL or JSON_NONE, as where there is none. */
	char *error;
	struct json_span input; /* without the reference answer */
	struct json_span output;
	char *output_text;          /* NULL: the output has no text */
	struct json_span reference; /* the member of the input that is known
				     * as such */

	/* The whole record, for who takes members by an allow-list of his own:
	 * it has prompts and answers whatever the user asked for. */
	struct json_span record;
	struct buf own; /* what `input` points to; private */
};

/* Decodes a line, which must stay as long as the row; false: it is no record.
 * The members of the entry are not set. */
bool row_decode(struct row *row, const char *line, size_t len, bool text);
/* The IDs of a digest. */
void row_set_ids(struct row *row, const uint8_t digest[ROW_IDS_BYTES]);
void row_release(struct row *row);

#endif
