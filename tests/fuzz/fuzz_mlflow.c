/*
 * What an MLflow server answers, from the first call to the last: parts of the
 * form "STATUS BODY".
 */
#include "tests/fuzz/engine.h"

extern const struct tracker_ops tracker_mlflow;

/* A store that is a directory is written to where it is: not here. What is
 * remembered ends with its address. */
static bool
store_is_remote(void)
{
	const char *run = cursor_get(&engine.memory, "run");

	return run != NULL && strstr(run, " /") == NULL &&
	    strcasestr(run, " file:") == NULL;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct pair options[] = {
	    {(char *)"mlflow-uri", (char *)"http://server.example"}};

	unsetenv("HOME");
	engine_run(&tracker_mlflow, options, 1, store_is_remote,
	    (const char *)data, (const char *)data + size);
	return 0;
}
