/*
 * In what the configurations of two runs differ: the leaves of config.resolved.yaml
 * as they become params (watcher/config_params.h), secrets masked.
 *
 *	settings_compare(&s, &base, &now);
 *	... s.list[i].name, .base, .now ...
 *	settings_release(&s);
 */
#ifndef WRAP_ITRACK_COMPARE_SETTINGS_H
#define WRAP_ITRACK_COMPARE_SETTINGS_H

#include <stdbool.h>

#include "wrap/itrack/compare/run.h"

/* Texts. NULL: that configuration has no such leaf. */
struct setting {
	const char *name; /* without "config." */
	char *base, *now;
};

struct settings {
	bool known; /* both runs have a configuration that can be read */
	struct setting *list;
	size_t len;
};

/* The runs must outlive the result. */
void settings_compare(
    struct settings *s, const struct run *base, const struct run *now);
void settings_release(struct settings *s);

#endif
