/*
 * With which arguments was a run started? Each run's writer says it for itself:
 * the command may be a script that starts insideLLMs many times.
 *
 *	writer_read(&line, writer, command);    while it lives
 *	if (line.known) ...
 *	writer_release(&line);
 */
#ifndef WRAP_WORKER_WRITER_H
#define WRAP_WORKER_WRITER_H

#include <stdbool.h>
#include <sys/types.h>

#include "wrap/worker/search/guess.h"

struct writer {
	bool known;        /* it, or a process above it, is insideLLMs */
	char *config_path; /* as typed, or NULL */
	char *results;     /* the file that --output names, absolute, or NULL */
};

/* Looks at the process, then at those above it up to the command: a writer may
 * be one of several that insideLLMs has started. */
void writer_read(struct writer *w, pid_t pid, pid_t command);
/* What the process's own arguments and environment say of where it writes; all
 * NULL if it can't be looked at. */
void writer_guess(struct rundir_guess *guess, pid_t pid);
void writer_release(struct writer *w);

#endif
