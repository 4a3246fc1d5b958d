/*
 * What an MLflow server answers, from the first call to the last: parts of the
 * form "STATUS BODY". The first byte says whether there are child runs, whether
 * the run is one that the user names, and whether the experiment is ('0' to
 * '7').
 */
#include "tests/fuzz/engine.h"

extern const struct tracker_ops tracker_mlflow;

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pair options[4] = {
	    {(char *)"mlflow-uri", (char *)"http://server.example"}};
	struct target target = {
	    .tracker = (char *)"mlflow", .options = options, .option_len = 1};

	if (size == 0)
		return 0;
	unsetenv("HOME");
	if (data[0] & 1)
		options[target.option_len++] =
		    (struct pair){(char *)"nested", (char *)"no"};
	if (data[0] & 2)
		options[target.option_len++] =
		    (struct pair){(char *)"mlflow-run-id", (char *)"ab"};
	if (data[0] & 4)
		options[target.option_len++] = (struct pair){
		    (char *)"mlflow-experiment", (char *)"caf\xc3\xa9"};
	engine_run(&tracker_mlflow, &target, (const char *)data + 1,
	    (const char *)data + size);
	return 0;
}
