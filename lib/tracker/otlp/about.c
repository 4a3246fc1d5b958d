/* OpenTelemetry before it runs: its name, its options, and what it can take. */
#include "tracker/about.h"

static const struct about_option options[] = {
    {
	.name = "otlp-endpoint",
	.variable = "OTEL_EXPORTER_OTLP_ENDPOINT",
	.argument = "URL",
	.form = FORM_URL,
	.use = USE_REACH,
	.help = "a receiver of OTLP over HTTP; default http://localhost:4318",
	.destination = true,
	.library = "endpoint",
    },
    {
	.name = "otlp-metrics-endpoint",
	.variable = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT",
	.argument = "URL",
	.form = FORM_URL,
	.use = USE_REACH,
	.help = "the whole address for metrics, used as it is",
	.destination = true,
	.library = "metrics_endpoint",
    },
    {
	.name = "otlp-traces-endpoint",
	.variable = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
	.argument = "URL",
	.form = FORM_URL,
	.use = USE_REACH,
	.help = "the whole address for spans, used as it is",
	.destination = true,
	.library = "traces_endpoint",
    },
    {
	.name = "otlp-logs-endpoint",
	.variable = "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT",
	.argument = "URL",
	.form = FORM_URL,
	.use = USE_REACH,
	.help = "the whole address for score events, used as it is",
	.destination = true,
	.library = "logs_endpoint",
    },
    {
	.name = "otlp-old-points",
	.form = FORM_FLAG,
	.use = USE_REACH,
	.help = "an import sends metrics that are older than an hour, too",
    },
};

const struct tracker_about tracker_about_otlp = {
    .name = "otlp",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .elsewhere = "--otlp-endpoint URL",
    .histograms = true,
    .records = RECORDS_TRACES,
};
