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

/* Is there somebody to tell, and may this program do so? */
extern bool tell_on;

/* Finds the receiver in the environment. Does nothing if it was found
 * before. */
void tell_find_receiver(void);

void tell_hello(void);

/* Sends a message about `path`, relative to `dir`, which must be a text in
 * readable memory. If it can't be sent, nothing happens. */
void tell(enum message_op op, int dir, const char *path);

/* Says that this program will hardly speak again; called just before. */
void tell_silent(void);
/* From now on neither this program nor those that it executes say anything.
 * Makes no system call. */
void tell_never_again(void);

#endif
