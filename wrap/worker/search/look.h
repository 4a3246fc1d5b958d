/*
 * The general way to find runs: looks at the processes below the command, what
 * they execute, where they stand and which records they write. For programs
 * that the shim is not loaded into; those that have it speak for themselves.
 *
 *	look = look_new(&config);       looks now and then, from now on
 *	look_now(look);                 before the command's runs end
 *	look_for_markers(look);         behind that: what nobody was seen to write
 *	if (look_goes_on(look)) ...     processes of the command live on
 *	look_free(look);
 *
 * The looks take at most 1/200 of a processor: the more there is to be looked at,
 * the more seldom they are.
 */
#ifndef WRAP_WORKER_SEARCH_LOOK_H
#define WRAP_WORKER_SEARCH_LOOK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/loop.h"
#include "watcher/inotify.h"
#include "wrap/attempt/report.h"
#include "wrap/worker/search/blind_spots.h"

struct look;

struct look_config {
	struct loop *loop;
	struct inotify *inotify;
	pid_t command;
	const char *socket;    /* the shim's, as the variable has it */
	int64_t not_before_ns; /* file times of the command's own files */
	/* A run root, where runs are even if no process is seen; or NULL. */
	const char *root;
	/* Was this directory found before? */
	bool (*known)(const char *dir, void *data);
	/* Does another itrack track what is written there now, or has it since
	 * the launch? */
	bool (*taken)(const char *dir, void *data);
	/* A directory of this command. `dir_fd`: the directory itself, which
	 * the path need not lead to, borrowed; 0: by its path. `writer` 0: not
	 * known. */
	void (*found)(const char *dir, int dir_fd, pid_t writer, void *data);
	/* Nothing is left to wait for. */
	void (*settled)(void *data);
	void *data;
};

/* Texts are copied. */
struct look *look_new(const struct look_config *config);
void look_free(struct look *l);

/* A process that is one of the command's, as it is known from elsewhere. */
void look_add(struct look *l, pid_t pid);
/* A program that has the shim has said that it will not speak. */
void look_trust_nobody(struct look *l);

/* Looks now, at every process of this user. */
void look_now(struct look *l);
/* Is there reason to think that runs were made of which nobody told? Some
 * process had no shim, or nobody looked before it was over and the shim told of
 * no run (`heard`) either. */
bool look_is_in_doubt(const struct look *l, bool heard);
void look_for_markers(struct look *l);

/* The command is over: from now on it waits for what it has left behind, a
 * minute, or as long as an insideLLMs lives. */
void look_stay(struct look *l);
bool look_goes_on(const struct look *l);
/* The processes that are waited for, as "4711 (python3), 4712 (sh)". */
void look_describe(const struct look *l, struct buf *text);

/* Does the command have, or did it have, processes of this user? */
bool look_has_user(const struct look *l, uid_t user);

/* What could not be seen, as the rest of a sentence; NULL: nothing. */
const char *look_blind(const struct look *l);
/* Adds what the last looks could not see. */
void look_tell_unseen(const struct look *l, struct blind_spots *all);
/* Says which bounds were passed. */
void look_report(const struct look *l, struct report *report);

#endif
