/*
 * Writes the messages of -v to standard error, one line each, "itrack: ...". A
 * program has to turn it on; messages for the end report don't go here.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_set_verbose(bool on);
bool log_is_verbose(void);

/* Control characters in the text are escaped. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
