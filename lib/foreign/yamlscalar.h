/*
 * What a scalar of YAML means: the value that Python's yaml.safe_load (PyYAML
 * 6.0) makes of it, which goes by YAML 1.1: `yes` is true, `010` is 8, `1:30`
 * is 90, `1e5` and `-.5` are texts. Pure functions.
 */
#ifndef FOREIGN_YAMLSCALAR_H
#define FOREIGN_YAMLSCALAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum yaml_kind {
	YAML_IS_NULL,
	YAML_IS_BOOL,
	YAML_IS_INTEGER,
	YAML_IS_LARGE, /* an integer beyond int64_t: `text` has its digits */
	YAML_IS_DOUBLE,
	YAML_IS_TEXT,
	YAML_IS_BYTES, /* !!binary; nothing is kept of it */
	YAML_IS_LIST,
	YAML_IS_MAP,
};

struct yaml_value {
	enum yaml_kind kind;
	bool boolean;
	int64_t integer;
	double number;
	char *text; /* format/text.h; allocated */
};

struct yaml_scalar {
	const char *bytes; /* UTF-8, followed by a NUL */
	size_t len;
	bool plain;      /* without quotes */
	const char *tag; /* as libyaml has it; NULL: none */
};

/* Returns 0; -EINVAL: Python refuses it (a tag that it does not know, a value
 * that is none of its tag); -ERANGE: an integer of too many digits. */
int yaml_scalar_value(const struct yaml_scalar *s, struct yaml_value *value);

/* Is it the key `<<`, whose value is a map to be merged? */
bool yaml_scalar_is_merge(const struct yaml_scalar *s);

#endif
