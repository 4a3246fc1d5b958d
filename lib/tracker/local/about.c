/* The local tracker before it runs: its name, its options, its default
 * directory. */
#include "tracker/about.h"

static const struct about_option options[] = {
    {
	.name = "local-dir",
	.variable = "ITRACK_LOCAL_DIR",
	.argument = "DIR",
	.form = FORM_PATH,
	.use = USE_REACH,
	.help = "gets PROJECT/RUN-ID/; without it: tracking, beside the run "
		"directory",
	.destination = true,
	.library = "output_dir",
	.library_default = "./experiments",
	.library_alone = true,
    },
};

const struct tracker_about tracker_about_local = {
    .name = "local",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .root = "local-dir",
    .beside = "tracking",
    .elsewhere = "--local-dir DIR",
    .with_project = true,
    .records_note =
	"no place for --records (with --artifacts all the records are the "
	"file records.jsonl)",
};
