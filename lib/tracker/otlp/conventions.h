/*
 * OpenTelemetry's conventions as we keep them: the names of metrics, labels, resource
 * and span attributes, and of each metric its unit and whether it is a sum. The conventions for generative AI still move, so
 * what follows them is changed here alone.
 */
#ifndef TRACKER_OTLP_CONVENTIONS_H
#define TRACKER_OTLP_CONVENTIONS_H

#include <stdbool.h>

#include "base/buf.h"

/* Whatever has no name of its own: "insidellms.observed/latency_ms". */
#define OTLP_OWN "insidellms."

/* Resource. */
#define OTLP_SERVICE         "service.name"
#define OTLP_SERVICE_DEFAULT "insidellms"
#define OTLP_INSTANCE        "service.instance.id"
#define OTLP_HOST            "host.name"
#define OTLP_RUN_ID          "insidellms.run_id"
#define OTLP_PROJECT         "insidellms.project"
#define OTLP_GROUP           "insidellms.group"
#define OTLP_METRIC_PREFIX   "insidellms.metric_prefix"
#define OTLP_TAG             "insidellms.tag."
/* Spans. */
#define OTLP_STATUS "insidellms.status"
/* Before a param whose name is one of these. */
#define OTLP_PARAM   "insidellms.param."
#define OTLP_NAME    "insidellms.run_name"
#define OTLP_RECORDS "insidellms.record_count"
/* The span of a record's model call; what it said goes along only if the user
 * asked for texts. */
#define OTLP_CALL            "chat"
#define OTLP_OPERATION       "gen_ai.operation.name"
#define OTLP_PROVIDER        "gen_ai.provider.name"
#define OTLP_REQUEST_MODEL   "gen_ai.request.model"
#define OTLP_INPUT_TOKENS    "gen_ai.usage.input_tokens"
#define OTLP_OUTPUT_TOKENS   "gen_ai.usage.output_tokens"
#define OTLP_INPUT_MESSAGES  "gen_ai.input.messages"
#define OTLP_OUTPUT_MESSAGES "gen_ai.output.messages"
#define OTLP_RECORD          "insidellms.record"
#define OTLP_RECORD_MODEL    "insidellms.model"
#define OTLP_RECORD_PROBE    "insidellms.probe"
#define OTLP_EXAMPLE_ID      "insidellms.example_id"
#define OTLP_LATENCY         "insidellms.latency_ms"
#define OTLP_STARTED_AT      "insidellms.started_at"
#define OTLP_COMPLETED_AT    "insidellms.completed_at"
#define OTLP_INPUT_DIGEST    "insidellms.input_sha256"
#define OTLP_REFERENCE       "insidellms.reference"
/* Phoenix shows what was said by OpenInference's names alone. */
#define OTLP_INFERENCE_KIND   "openinference.span.kind"
#define OTLP_INFERENCE_INPUT  "input.value"
#define OTLP_INFERENCE_OUTPUT "output.value"
/* Score events. */
#define OTLP_SCORE_EVENT "gen_ai.evaluation.result"
#define OTLP_SCORE_NAME  "gen_ai.evaluation.name"
#define OTLP_SCORE_VALUE "gen_ai.evaluation.score.value"
#define OTLP_SCORE_LABEL "gen_ai.evaluation.score.label"
/* Labels of metrics. */
#define OTLP_MODEL         "model"
#define OTLP_PROBE         "probe"
#define OTLP_EXPERIMENT    "experiment"
#define OTLP_RECORD_STATUS "status"
#define OTLP_TOKEN_TYPE    "gen_ai.token.type"
#define OTLP_ERROR_TYPE    "error.type"
#define OTLP_USAGE         "usage"

enum otlp_kind { OTLP_GAUGE, OTLP_SUM, OTLP_HISTOGRAM };

/* Which entries' values are sent: those of each experiment, so that nothing is
 * counted twice; those of the run; all. */
enum otlp_scope { OTLP_OF_EXPERIMENT, OTLP_OF_RUN, OTLP_OF_BOTH };

/* What a name of the journal is at a receiver. */
struct otlp_metric {
	const char *name; /* NULL: it is not sent, because others have it */
	const char *unit, *description; /* NULL: none */
	enum otlp_kind kind;
	enum otlp_scope scope;
	/* A label beside model and probe, and its value; NULL: none. */
	const char *label, *value;
};

#define OTLP_RUN_STATUS (&otlp_run_status)
#define OTLP_OTHERS     (&otlp_other_records)
extern const struct otlp_metric otlp_run_status, otlp_other_records;

/* The metric for a name of the journal, without the user's prefix. `own` holds
 * the name of one that is not in the table. */
struct otlp_metric otlp_metric_of(
    const char *name, enum otlp_kind kind, struct buf *own);

#endif
