/* MLflow before it runs: its name, its options, and what it can take. */
#include "tracker/about.h"

static const struct about_option options[] = {
    {
	.name = "mlflow-uri",
	.variable = "MLFLOW_TRACKING_URI",
	.argument = "URI",
	.form = FORM_TRACKING_URI,
	.use = USE_REACH,
	.help = "http(s)://HOST:PORT, or a file store's DIR; default ./mlruns",
	.destination = true,
	.library = "tracking_uri",
	.library_default = "./mlruns",
    },
    {
	.name = "mlflow-experiment",
	.variable = "MLFLOW_EXPERIMENT_NAME",
	.argument = "NAME",
	.form = FORM_NAME,
	.use = USE_REACH,
	.help = "the experiment, instead of the project",
	.destination = true,
	.library = "experiment_name",
	.library_experiment = true,
    },
    {
	.name = "mlflow-run-id",
	.variable = "MLFLOW_RUN_ID",
	.argument = "ID",
	.form = FORM_NAME,
	.use = USE_ATTEMPT,
	.help = "a run that is there already: log into it",
	.one_run = true,
    },
    {
	.name = "nested",
	.form = FORM_SWITCH,
	.use = USE_ATTEMPT,
	.help = "=no: no child run for each experiment of a harness",
    },
};

const struct tracker_about tracker_about_mlflow = {
    .name = "mlflow",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .elsewhere = "--mlflow-uri URI",
    .tables = TABLES_ARTIFACT,
    .models = true,
    .records = RECORDS_TRACES,
    .run_id_option = "mlflow-run-id",
    .digest_is_id = "mlflow-uri",
    .gives_id = true,
};
