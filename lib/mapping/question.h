/*
 * What a record was about: the example with its input, by which records of two runs
 * are matched, and the answer. The mapping (mapping/record.h) needs none of it.
 *
 *	question_read(&q, line, len);       a line that decode_line() took
 *	... q.example_id, question_digest(&q) ...
 *
 * Spans point into the line.
 */
#ifndef MAPPING_QUESTION_H
#define MAPPING_QUESTION_H

#include <stdint.h>

#include "format/jsonscan.h"

/* Absent members have type JSON_NONE. With duplicate keys the last stands. */
struct question {
	struct json_span replicate_key; /* of custom */
	struct json_span example_id;
	struct json_span input;
	struct json_span messages;
	struct json_span messages_hash;
	struct json_span output;
	struct json_span output_text;
	struct json_span error;
};

void question_read(struct question *q, const char *line, size_t len);

/* The same for equal questions, however their JSON is spaced and escaped. */
uint64_t question_digest(const struct question *q);

#endif
