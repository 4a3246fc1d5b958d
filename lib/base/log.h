/*
 * What -v shows: one line on standard error each, "itrack: ...". Off unless
 * a program turns it on; nothing here is meant for the end report.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>

void log_set_verbose(bool on);
bool log_is_verbose(void);

/* Control characters in the text are escaped. */
void log_verbose(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
