/* Lists of names and values as OpenTelemetry's variables have them:
 * "name=value,name=value", where values are percent-encoded and blanks around
 * names and values don't count. */
#ifndef TRACKER_OTLP_PAIRS_H
#define TRACKER_OTLP_PAIRS_H

#include <stddef.h>

#include "journal/entry.h"

/* Reads a list (NULL: an empty one); a later value of a name counts. Returns how
 * many items have not that form; they are left out. */
size_t otlp_pairs_read(const char *text, struct pair **list, size_t *len);
/* Sets the value of a name. */
void otlp_pairs_put(
    struct pair **list, size_t *len, const char *name, const char *value);
/* Forgets the values, which may be keys. */
void otlp_pairs_release(struct pair *list, size_t len);

#endif
