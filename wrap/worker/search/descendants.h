/*
 * The processes below the command, as /proc has them. One that was seen stays
 * known when the process above it has left; one that was not, because it was
 * quicker, is known by the variable that the launcher gave to the command.
 *
 *	descendants_init(&d, command, socket);
 *	descendants_add(&d, pid);       one that is known from elsewhere
 *	descendants_read_named(&d);     those with the variable
 *	descendants_read(&d);           who is there now
 *	for (i < d.len) d.list[i] ...
 *	descendants_release(&d);
 */
#ifndef WRAP_WORKER_SEARCH_DESCENDANTS_H
#define WRAP_WORKER_SEARCH_DESCENDANTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How many are looked at; a build that has more at a time has very many
 * cores. */
#define DESCENDANTS_MAX 1024

/* A command has processes of one user, or of one more (sudo). */
#define DESCENDANTS_USERS_MAX 8

struct descendant {
	pid_t pid, parent;
	int64_t start;
	bool there;
	uint64_t arguments; /* a digest: another one is another program */
	bool fresh;         /* it is another program than in the last look */
	unsigned looks;     /* at this program */
	bool has_shim;      /* the preload library is loaded into it */
	bool is_insidellms; /* its arguments are */
	bool is_closed;     /* another user's: not to be looked into */
	char *cwd;          /* NULL: not known */
};

struct descendants {
	pid_t command;
	char *socket; /* as the variable has it; "": not known */
	struct descendant *list;
	size_t len, cap;
	bool passed;    /* there were more */
	bool was_blind; /* without /proc, or without what is needed of it */
	uid_t users[DESCENDANTS_USERS_MAX];
	size_t user_len;
	/* The negative errno of a look at /proc, or 0: the caller sets it back. */
	int failed;
	int failed_named; /* the same, of the last descendants_read_named() */
};

void descendants_init(struct descendants *d, pid_t command, const char *socket);
void descendants_release(struct descendants *d);

void descendants_add(struct descendants *d, pid_t pid);
void descendants_read(struct descendants *d);
/* Adds those with the variable. Looks into every process of this user. */
void descendants_read_named(struct descendants *d);

/* Notes of which user a process is. One more than fit is not known. */
void descendants_note_user(struct descendants *d, pid_t pid);
/* Is it our own user, any user if we are root, or one that was noted? */
bool descendants_have_user(const struct descendants *d, uid_t user);

/* Is it a process of the command? Tells that also of one that came after the
 * last reading. */
bool descendants_have(const struct descendants *d, pid_t pid);

#endif
