/* Times in YAML, which become a date or a datetime in Python: their str(). */
#ifndef FOREIGN_YAMLTIME_H
#define FOREIGN_YAMLTIME_H

#include <stdbool.h>

/* Is the plain scalar a time (https://yaml.org/type/timestamp.html)? */
bool yaml_time_looks(const char *text);

/* "2001-12-14", or "2001-12-14 21:59:43.100000-05:00". Allocated; NULL: it is no
 * time, or no day and no hour that a calendar has. */
char *yaml_time_text(const char *text);

#endif
