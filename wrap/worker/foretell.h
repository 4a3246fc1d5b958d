/* The lines that itrack-wrap says before its command starts: the launcher runs
 * the worker's program with another first argument for them. */
#ifndef WRAP_WORKER_FORETELL_H
#define WRAP_WORKER_FORETELL_H

#include <stdbool.h>

bool foretell_is_asked_for(int argc, char **argv);

/* Takes the launcher's arguments and prints a line for each tracker that has
 * something to say on standard output. Returns the exit status. */
int foretell_main(int argc, char **argv);

#endif
