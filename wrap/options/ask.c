/* Answers what is asked of options that have been read: is one set, and what does
 * its value mean? */
#include "wrap/options/options.h"

#include <stdlib.h>
#include <string.h>

bool
options_given(const struct options *options, enum option_id id)
{
	return options->value[id] != NULL;
}

long
options_system_metrics_ms(const struct options *options)
{
	const char *value = options->value[OPT_SYSTEM_METRICS];

	return value != NULL ? (long)(strtod(value, NULL) * 1000) : 0;
}

long
options_drain_ms(const struct options *options)
{
	const char *value = options->value[OPT_DRAIN];

	if (value == NULL)
		value = options_at(OPT_DRAIN)->fallback;
	return (long)(strtod(value, NULL) * 1000 + 0.5);
}

static long
number_or_all(const struct options *options, enum option_id id)
{
	const char *value = options->value[id];

	if (value == NULL)
		value = options_at(id)->fallback;
	return strcmp(value, "all") == 0 ? 0 : strtol(value, NULL, 10);
}

long
options_points(const struct options *options)
{
	return number_or_all(options, OPT_POINTS);
}

long
options_records_max(const struct options *options)
{
	return number_or_all(options, OPT_RECORDS_MAX);
}

bool
options_tracks(const struct options *options, const char *tracker)
{
	const char *list = options->value[OPT_TRACK];
	size_t want = strlen(tracker);

	while (list != NULL && *list != '\0') {
		size_t len = strcspn(list, ",");

		if (len == want && strncmp(list, tracker, len) == 0)
			return true;
		list += len + (list[len] == ',');
	}
	return false;
}
