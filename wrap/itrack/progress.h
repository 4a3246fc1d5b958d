/*
 * How far a command is that has many runs to do: "12 of 100 runs, 3.1 a second, 28
 * s left", on a terminal in one line that is written anew and goes at the end, else
 * in lines that become rarer. Work that is soon over is not worth a word.
 *
 *	p = progress_new(loop, total);      0: nothing is ever said
 *	progress_step(p);                   one is done
 *	progress_free(p);
 */
#ifndef WRAP_ITRACK_PROGRESS_H
#define WRAP_ITRACK_PROGRESS_H

#include <stddef.h>

#include "base/loop.h"

struct progress;

struct progress *progress_new(struct loop *loop, size_t total);
void progress_step(struct progress *p);
void progress_free(struct progress *p);

#endif
