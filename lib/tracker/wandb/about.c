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
	.name = "table",
	.argument = "text",
	.form = FORM_OPTIONAL_WORD,
	.choices = "text",
	.use = USE_ATTEMPT,
	.help = "the records as a table; =text: with prompts and answers",
    },
};

const struct tracker_about tracker_about_wandb = {
    .name = "wandb",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .elsewhere = "--wandb-dir DIR",
    .library_project = "project",
    .tables = TABLES_ROWS,
    .histograms = true,
};
