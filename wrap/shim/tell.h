/*
 * The shim's mouth: makes messages and sends them. Every function keeps errno,
 * takes a few hundred bytes of stack, allocates and waits for nothing, and
 * works in a signal handler, a thread and a vfork child.
 *
 *	tell_find_receiver();		once, early
 *	tell_hello();
 *	if (tell_on && ...)
 *		tell(MESSAGE_OPEN, dir, path);
 *
 * A seccomp filter may kill a program for a system call that its authors did
 * not think of, and ours are such. So nothing is said by a thread that is held
 * by more filters than the launcher was.
 */
#ifndef SHIM_TELL_H
#define SHIM_TELL_H

#include <stdbool.h>

#include "wrap/shim/message.h"

/* There is somebody to tell, and this program may do so. */
extern bool tell_on;

/* By the environment. Does nothing if it was found before. */
void tell_find_receiver(void);

void tell_hello(void);

/* `path`, relative to `dir`, is a text in memory that can be read. What can't
 * be said is not said. */
void tell(enum message_op op, int dir, const char *path);

/* This program will hardly speak again; before it is true. */
void tell_silent(void);
/* From now on it does not, nor do the programs that it executes. No system
 * call is made. */
void tell_never_again(void);

#endif
