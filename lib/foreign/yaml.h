/*
 * YAML that others wrote: MLflow's meta.yaml, a configuration of insideLLMs.
 * libyaml reads it, as it does for Python's own reader.
 */
#ifndef FOREIGN_YAML_H
#define FOREIGN_YAML_H

#include <stddef.h>

/* The value of a member of the document's mapping, as text (format/text.h);
 * the last one of that name counts. Allocated. NULL: it is not there, null or
 * no scalar, or the bytes are no YAML. */
char *yaml_member(const char *bytes, size_t len, const char *key);

#endif
