/* TensorBoard before it runs: its name, its options, its default
 * directory. */
#include "tracker/about.h"

static const struct about_option options[] = {
    {
	.name = "tensorboard-dir",
	.argument = "DIR",
	.form = FORM_PATH,
	.use = USE_REACH,
	.help =
	    "gets PROJECT/RUN-ID/; without it: tracking/tensorboard, beside "
	    "the run directory",
	.destination = true,
	.library = "log_dir",
	.library_default = "./runs",
	.library_alone = true,
    },
};

const struct tracker_about tracker_about_tensorboard = {
    .name = "tensorboard",
    .options = options,
    .option_count = sizeof options / sizeof options[0],
    .root = "tensorboard-dir",
    .beside = "tracking/tensorboard",
    .elsewhere = "--tensorboard-dir DIR",
    .iso_names = true,
    .folders_in_names = true,
    .histograms = true,
    .artifact_paths = true,
};
