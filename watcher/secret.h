/* Which values of a configuration look like secrets. Pure functions. */
#ifndef WATCHER_SECRET_H
#define WATCHER_SECRET_H

#include <stdbool.h>

#include "foreign/yamltree.h"

/* Has the name (one component) a word of key, token, secret, password,
 * credential, authorization and the like in it, in any case of the letters?
 * Not: tokenizer, keyword. */
bool secret_is_name(const char *name);

/* May the value be shown under such a name? True, false, nothing, and what
 * `max_tokens` has: a count of tokens is no secret. */
bool secret_may_be_shown(const char *name, const struct yaml_node *node);

/* Is the text one without its name: "Bearer ...", "--api-key=...",
 * "OPENAI_API_KEY=..."? */
bool secret_is_text(const char *text);

/* Does the map say by another item ({name: X-Api-Key, value: ...}) that its
 * `value` is one? */
bool secret_is_named_in(const struct yaml_node *map);

#endif
