/* What `itrack show` prints for people: one directory with a table of its
 * experiments, or several side by side. */
#ifndef WRAP_ITRACK_SHOW_TEXT_H
#define WRAP_ITRACK_SHOW_TEXT_H

#include "watcher/survey.h"

void show_one(const struct survey *s);
/* `dirs`: their names, bytes. */
void show_beside(const struct survey *surveys, char *const *dirs, size_t len);

#endif
