/*
 * One line of records.jsonl, taken apart: the members that the mapping and the
 * running values need, as spans into the line. mapping/decode.c fills it; it is
 * valid as long as the line is.
 */
#ifndef MAPPING_RECORD_H
#define MAPPING_RECORD_H

#include "format/jsonscan.h"

/* Absent members have type JSON_NONE. With duplicate keys the last stands. */
struct record {
	struct json_span schema_version;
	struct json_span run_id;
	struct json_span started_at;
	struct json_span completed_at;
	struct json_span model;
	struct json_span probe;
	struct json_span harness; /* custom.harness, if custom is an object */
	struct json_span scores;
	struct json_span usage;
	struct json_span latency_ms;
	struct json_span error_type;
	struct json_span status;
};

#endif
