#include "base/environment.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/scheduler.h"

static const char *const names[] = {
    /* who and where: the directories of settings, journals, temporary files */
    "HOME", "USER", "LOGNAME", "PATH", "TMPDIR", "NETRC",
    /* what times and a terminal look like */
    "TZ", "TZDIR", "TERM", "NO_COLOR",
    /* the way to a server */
    "SSL_CERT_FILE", "SSL_CERT_DIR", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
    "HOSTALIASES", "LOCALDOMAIN", "RES_OPTIONS",
    /* of programs that are built with sanitizers */
    "ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"};

static const char *const beginnings[] = {
    "ITRACK_", "XDG_", "INSIDELLMS_", "MLFLOW_", "WANDB_", "OTEL_"};

static const char *const ends[] = {"_PROXY"};

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

	if (scheduler_has(entry))
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == len &&
		    strncmp(entry, names[i], len) == 0)
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
