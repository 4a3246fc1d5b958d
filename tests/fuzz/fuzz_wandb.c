/*
 * What a W&B server answers, from the first call to the last: parts of the form
 * "STATUS BODY". A run that is refused becomes a folder here.
 */
#include "tests/fuzz/engine.h"

extern const struct tracker_ops tracker_wandb;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pair options[] = {
	    {(char *)"wandb-base-url", (char *)"http://server.example"},
	    {(char *)"wandb-mode", (char *)"online"},
	    {(char *)"wandb-dir", (char *)fuzz_dir()}};
	const struct target target = {.tracker = (char *)"wandb",
	    .options = options,
	    .option_len = sizeof options / sizeof options[0]};

	unsetenv("HOME");
	setenv("WANDB_API_KEY", "0123456789abcdef0123456789abcdef01234567", 1);
	engine_run(&tracker_wandb, &target, (const char *)data,
	    (const char *)data + size);
	return 0;
}
