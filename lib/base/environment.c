#include "base/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const names[] = {
    /* who and where: the directories of settings, journals, temporary files */
    "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "NETRC",
    /* what times and a terminal look like */
    "TZ", "TZDIR", "TERM", "NO_COLOR",
    /* the way to a server */
    "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
    "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS",
    /* one of many */
    "PBS_ARRAY_INDEX", "PBS_ARRAYID", "SGE_TASK_ID", "LSB_JOBINDEX",
    "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX", "BATCH_TASK_INDEX",
    "CLOUD_RUN_TASK_INDEX", "BUILDKITE_PARALLEL_JOB", "CI_NODE_INDEX",
    "PARALLEL_SEQ", "OMPI_COMM_WORLD_RANK", "PMI_RANK",
    /* of programs that are built with sanitizers */
    "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"};

static const char *const of_run[] = {"SLURM_JOB_ID", "SLURM_ARRAY_JOB_ID",
    "SLURM_ARRAY_TASK_ID", "SLURMD_NODENAME", "GITHUB_RUN_ID", "GITHUB_SHA",
    "GITHUB_REF_NAME", "CI_JOB_ID", "CI_PIPELINE_ID", "BUILD_TAG", "POD_NAME",
    "POD_NAMESPACE"};

static const char *const beginnings[] = {
    "ITRACK_", "XDG_", "INSIDELLMS_", "MLFLOW_", "WANDB_", "OTEL_"};

static const char *const ends[] = {"_PROXY"};

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
environment_is_one_of_many(void)
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

const char *
environment_value(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

bool
environment_keeps(const char *entry)
{
	size_t len = strcspn(entry, "=");

	if (is_one_of(entry, names, sizeof(names) / sizeof(names[0])) ||
	    is_one_of(entry, of_run, sizeof(of_run) / sizeof(of_run[0])))
		return true;
	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		if (strncmp(entry, beginnings[i], strlen(beginnings[i])) == 0)
			return true;
	/* Proxies are spelled in either way. */
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		if (len > strlen(ends[i]) &&
		    strncasecmp(entry + len - strlen(ends[i]), ends[i],
			strlen(ends[i])) == 0)
			return true;
	return false;
}

const char *
environment_of_run(size_t i)
{
	return i < sizeof(of_run) / sizeof(of_run[0]) ? of_run[i] : NULL;
}
