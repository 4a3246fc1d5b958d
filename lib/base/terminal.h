/*
 * What a terminal may be sent: lines that are written anew, colours. The users'
 * variables TERM and NO_COLOR (which counts when it is not empty) say it.
 */
#ifndef BASE_TERMINAL_H
#define BASE_TERMINAL_H

#include <stdbool.h>

/* Is it a terminal on which a line can be written anew? */
bool terminal_redraws(int fd);
/* Does the user want colours, where a terminal has them? */
bool terminal_wants_colours(void);

#endif
