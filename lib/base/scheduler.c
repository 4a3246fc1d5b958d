#include "base/scheduler.h"

#include <stdlib.h>
#include <string.h>

static const char *const of_run[] = {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID", "SLURMD_NODENAME", "GITHUB_RUN_ID", "GITHUB_SHA",
    "GITHUB_REF_NAME", "CI_JOB_ID", "CI_PIPELINE_ID", "BUILD_TAG", "POD_NAME",
    "POD_NAMESPACE"};

/* In an array each has one of these. */
static const char *const places[] = {"SLURM_ARRAY_TASK_ID", "PBS_ARRAY_INDEX",
    "PBS_ARRAYID", "SGE_TASK_ID", "LSB_JOBINDEX", "JOB_COMPLETION_INDEX",
    "AWS_BATCH_JOB_ARRAY_INDEX", "BATCH_TASK_INDEX", "CLOUD_RUN_TASK_INDEX",
    "BUILDKITE_PARALLEL_JOB", "CI_NODE_INDEX", "PARALLEL_SEQ",
    "OMPI_COMM_WORLD_RANK", "PMI_RANK"};

/* Grid Engine and LSF say this of a job that is no array. */
static bool
is_no_place(const char *name, const char *value)
{
	return value == NULL || value[0] == '\0' ||
	    strcmp(value, "undefined") == 0 ||
	    (strcmp(name, "LSB_JOBINDEX") == 0 && strcmp(value, "0") == 0);
}

bool
scheduler_runs_many(void)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++)
		if (!is_no_place(places[i], getenv(places[i])))
			return true;
	return false;
}

static bool
is_one_of(const char *entry, const char *const *list, size_t count)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < count; i++)
		if (strlen(list[i]) == len && strncmp(entry, list[i], len) == 0)
			return true;
	return false;
}

bool
scheduler_has(const char *entry)
{
	return is_one_of(entry, of_run, sizeof(of_run) / sizeof(of_run[0])) ||
	    is_one_of(entry, places, sizeof(places) / sizeof(places[0]));
}

const char *
scheduler_variable(size_t i)
{
	return i < sizeof(of_run) / sizeof(of_run[0]) ? of_run[i] : NULL;
}
