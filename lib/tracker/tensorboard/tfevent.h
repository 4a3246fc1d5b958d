/*
 * TensorBoard's event files: records, and the events in them that a run needs.
 * A record is the length of an event (8 bytes, little-endian), the masked
 * CRC-32C of these, the event (protobuf message tensorflow.Event), its masked
 * CRC-32C. Pure: a buffer in, bytes behind it; the file is the caller's.
 *
 *	tfevent_version(&out, now);             the first two of every file
 *	tfevent_start(&out, now, first_step);
 *	tfevent_open(&e, &out, time, step);     one event for each step
 *	tfevent_scalar(&e, "loss", 0.25, NULL);
 *	tfevent_close(&e);
 *
 * All texts are valid UTF-8 (text_to_utf8): one bad byte can stop a whole
 * TensorBoard. Times are seconds since 1970-01-01 UTC, finite. Overflow is the
 * buffer's.
 */
#ifndef TRACKER_TENSORBOARD_TFEVENT_H
#define TRACKER_TENSORBOARD_TFEVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* The bytes of a record before and behind the event. */
#define TFEVENT_HEADER_SIZE  12
#define TFEVENT_TRAILER_SIZE 4

void tfevent_version(struct buf *out, double time);
/* Session log START: readers drop the values that older files of the run have
 * from `step` on. */
void tfevent_start(struct buf *out, double time, int64_t step);

/* An event that is being written: a summary with any number of values. */
struct tfevent {
	struct buf *out;
	size_t begin;   /* of the record */
	size_t summary; /* of its summary */
};

/* Nothing else may be added to `out` before tfevent_close. */
void tfevent_open(
    struct tfevent *e, struct buf *out, double time, int64_t step);
void tfevent_close(struct tfevent *e);

/* A reader takes this from a tag's first value in a file: that it is a scalar,
 * and a text (Markdown, or NULL) that explains it. It applies to all values of
 * the tag. */
struct tfevent_about {
	const char *description;
};

/* about NULL: this is not the first value of the tag in the file. */
void tfevent_scalar(struct tfevent *e, const char *tag, float value,
    const struct tfevent_about *about);

/* A text of rank 0. Its content is Markdown. */
void tfevent_text(struct tfevent *e, const char *tag, const char *content);

struct tfevent_histogram {
	double min, max, count, sum, sum_squares; /* finite */
	const double *limits; /* right edge of each bucket */
	const double *counts;
	size_t len;
};
void tfevent_histogram(
    struct tfevent *e, const char *tag, const struct tfevent_histogram *h);

/* The row of a run in the HParams tab, which begins once and ends once. */
enum tfevent_kind { TFEVENT_NUMBER, TFEVENT_STRING, TFEVENT_BOOL };

struct tfevent_hparam {
	const char *name;
	enum tfevent_kind kind;
	double number; /* finite */
	const char *string;
	bool boolean;
};

/* `group`: the name of the row, which runs of the same group share; NULL: the
 * name of the run's directory. start_time 0: left out. */
void tfevent_hparams_start(struct tfevent *e, const char *group,
    const struct tfevent_hparam *hparams, size_t len, double start_time);

enum tfevent_status {
	TFEVENT_UNKNOWN = 0,
	TFEVENT_SUCCESS = 1,
	TFEVENT_FAILURE = 2,
};
void tfevent_hparams_end(
    struct tfevent *e, enum tfevent_status status, double end_time);

/* Appends `text` (format/text.h) as a Markdown code span that shows exactly
 * this text, also in a table cell: control characters, line ends and separators
 * become blanks, an empty text stays empty. Returns false if the text was no
 * valid Unicode and was changed. */
bool tfevent_code_span(struct buf *out, const char *text);

/* Reads our own files back. */

/* Returns the length of the record at `bytes`, including everything around the
 * event; *event and *event_len give the event. 0: the record is not whole;
 * -EBADMSG: it is no record. */
int64_t tfevent_record(
    const char *bytes, size_t len, const char **event, size_t *event_len);
struct tfevent_value {
	const char *tag; /* not NUL-terminated, as `text` */
	size_t tag_len;
	bool scalar, histogram;
	const char *text; /* of a text; else NULL */
	size_t text_len;
};

/* Calls `value` for each value of the event's summary. -EBADMSG: not an event.
 */
int tfevent_read(const char *event, size_t len, int64_t *step,
    void (*value)(const struct tfevent_value *value, void *data), void *data);

#define TFEVENT_HPARAMS_START_TAG "_hparams_/session_start_info"
#define TFEVENT_HPARAMS_END_TAG   "_hparams_/session_end_info"

#endif
