/* Weights & Biases before it runs: its name, its options, and what it can
 * take. */
#include "tracker/about.h"

/* wandb itself takes older words, and one for several writers of a run, which
 * are online. */
static const struct option_word modes[] = {
    {"dryrun", "offline"},
    {"run", "online"},
    {"shared", "online"},
    {0},
};

/* "auto" goes on with the run of an ID that wandb itself wrote down. */
static const struct option_word resumes[] = {
    {"auto", "allow"},
    {0},
};

static const struct about_option options[] = {
    {
	.name = "wandb-mode",
	.variable = "WANDB_MODE",
	.argument = "online|offline",
	.form = FORM_CHOICE,
	.choices = "online|offline|disabled",
	.old_words = modes,
	.use = USE_REACH,
	.help = "without it: online if a key is found, else offline",
	.library = "mode",
    },
    {
	.name = "wandb-entity",
	.variable = "WANDB_ENTITY",
	.argument = "NAME",
	.form = FORM_NAME,
	.use = USE_REACH,
	.help = "user or team, instead of the key's default",
	.destination = true,
	.library = "entity",
    },
    {
	.name = "wandb-base-url",
	.variable = "WANDB_BASE_URL",
	.argument = "URL",
	.form = FORM_URL,
	.choices = "wandb.ai",
	.use = USE_REACH,
	.help = "the server, instead of W&B's own",
	.destination = true,
	.library = "base_url",
    },
    {
	.name = "wandb-dir",
	.variable = "WANDB_DIR",
	.argument = "DIR",
	.form = FORM_PATH,
	.use = USE_REACH,
	.help = "where offline runs are written",
	.destination = true,
	.library = "dir",
    },
    {
	.name = "wandb-run-id",
	.variable = "WANDB_RUN_ID",
	.argument = "ID",
	.form = FORM_NAME,
	.use = USE_ATTEMPT,
	.help = "the run's ID there; one that exists goes on",
	.one_run = true,
    },
    {
	.name = "wandb-resume",
	.variable = "WANDB_RESUME",
	.argument = "allow|must|never",
	.form = FORM_CHOICE,
	.choices = "allow|must|never",
	.old_words = resumes,
	.use = USE_ATTEMPT,
	.help = "whether a run of that ID may, must or must not exist",
	.library = "resume",
    },
    {
	.name = "wandb-sweep-id",
	.variable = "WANDB_SWEEP_ID",
	.argument = "ID",
	.form = FORM_NAME,
	.use = USE_ATTEMPT,
	.help = "the sweep that the run is of",
	.library = "sweep_id",
	.one_run = true,
    },
    {
	.name = "wandb-group",
	.variable = "WANDB_RUN_GROUP",
	.argument = "NAME",
	.form = FORM_NAME,
	.use = USE_ATTEMPT,
	.help = "the group of the run",
	.library = "group",
    },
    {
	.name = "wandb-job-type",
	.variable = "WANDB_JOB_TYPE",
	.argument = "NAME",
	.form = FORM_NAME,
	.use = USE_ATTEMPT,
	.help = "the type of the run",
	.library = "job_type",
    },
};

const struct tracker_about tracker_about_wandb = {
    .name = "wandb",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .elsewhere = "--wandb-dir DIR",
    .library_project = "project",
    .run_id_option = "wandb-run-id",
    .run_id_without = "/\\#?%:",
    .attempt_is_id = true,
    .tables = TABLES_ROWS,
    .records = RECORDS_TABLE,
    .histograms = true,
};
