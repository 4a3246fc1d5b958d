/*
 * The worker of the library: delivers a journal that another process is
 * writing, answers its questions, and ends the run when that process dies.
 */
#ifndef WRAP_WORKER_LIBRARY_H
#define WRAP_WORKER_LIBRARY_H

#include <stdbool.h>

/* Was the worker started so? */
bool follow_is_asked_for(int argc, char **argv);

/* All of main(): returns the exit status. */
int follow_main(int argc, char **argv);

#endif
