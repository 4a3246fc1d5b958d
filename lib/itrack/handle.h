/*
 * What the files of the library share: the handle, the run, and the way into
 * each call.
 *
 * A call goes through handle_call(): it refuses what can't work (NULL, the
 * child of a fork, an earlier lack of memory), goes to each member of a multi,
 * holds the locks and catches die(). Two locks: `control` is held by the calls
 * that begin, end or wait for a run, for as long as they take; `lock` guards
 * the handle and is held for microseconds only, so that logging never waits for
 * a delivery. Order: control, lock.
 */
#ifndef ITRACK_HANDLE_H
#define ITRACK_HANDLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "itrack.h"
#include "itrack/settings.h"
#include "journal/entry.h"
#include "journal/journal.h"

/* One run: a journal that is written, and the worker that delivers it. */
struct run {
	struct journal *journal;
	char *state_dir; /* where the journal is */
	bool blind;      /* nothing can be tracked: every call does nothing */
	char *id;        /* text */
	char *label;     /* the ID in our words: id, or the name of the run */
	char *there;     /* the ID that was asked for in the tracker; or NULL */
	char *place;     /* bytes: its directory; NULL: none */
	bool place_made; /* false: it was there, and empty */
	int64_t next_step;
	int64_t kept; /* number of the last file that was kept */
	int link;     /* to the worker; -1: there is none */
	struct run *outer;
	const struct run *parent; /* while the run is begun; NULL: none */
	bool open;                /* the run goes on without this process */
	/* What the worker said of it; NULL: nothing. */
	char *altered, *refused;
	char *its_id; /* what the tracker calls the run; NULL: not known */
};

struct itrack_tracker {
	pthread_mutex_t control, lock;
	pid_t owner;
	bool broken; /* memory ran out once: the handle is inert */
	TAILQ_ENTRY(itrack_tracker) at_exit;
	/* A multi has members and nothing else. */
	struct itrack_tracker **members;
	size_t member_count;
	struct settings settings;
	/* Path of itrack-worker; NULL: there is none, as the error says. */
	char *worker;
	struct err no_worker;
	struct run *run; /* active; NULL: none */
	char *run_id;    /* of the last one that was started */
	char *open_name; /* of the last one that is open; NULL: none */
	char *altered;   /* of the last one that was ended; NULL: nothing */
	char *refused;   /* the same */
	/* Memory kept from call to call: names as texts, and the entry's
	 * list. */
	struct buf names;
	struct metric *metrics;
	size_t metric_cap;
};

/* The texts of one call; a million names of 100 bytes fit. */
#define HANDLE_NAMES_MAX ((size_t)256 * 1024 * 1024)

typedef int handle_body(
    struct itrack_tracker *t, const void *arguments, struct err *err);

enum handle_way {
	HANDLE_LOG,     /* with `lock`, and an active run */
	HANDLE_CONTROL, /* with `control`; the body takes `lock` where needed */
	HANDLE_EITHER,  /* with none; the body takes `lock` and looks itself */
};

/* Calls `body` for the tracker, or for each member; the first error counts. */
int handle_call(struct itrack_tracker *t, enum handle_way way,
    handle_body *body, const void *arguments, struct itrack_error *error);

/* Called within a body of HANDLE_CONTROL or HANDLE_EITHER. */
void handle_lock(struct itrack_tracker *t);
void handle_unlock(struct itrack_tracker *t);

/* Stores an error that was found before any call. Returns the code. */
int handle_refuse(struct itrack_error *error, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "No active run. Call start_run() first." */
int handle_no_run(struct err *err);

/* Gives everything back. */
void run_free(struct run *run);

/* Appends the entry to the active run's journal and writes it. Releases it. */
int run_log(struct run *run, struct entry *e, struct err *err);
/* The same for an entry whose texts are borrowed. */
int run_log_borrowed(struct run *run, const struct entry *e, struct err *err);
/* Serves a call that needs no run: makes a journal of its own, which `log`
 * fills and a worker delivers, and waits as long as the option drain says. */
int run_alone(const struct itrack_tracker *t,
    int (*log)(struct run *run, const void *arguments, struct err *err),
    const void *arguments, struct err *err);
/* Lets go of every run that needs no end from us: of open ones, and in the child
 * of a fork of all. True: a run is left that the exit is to end. */
bool run_let_go(struct itrack_tracker *t);

/* At the exit of the program, in two steps for all handles: gives each run its
 * end; waits for delivery, at most as long as the option drain says, less what
 * was waited for others. */
void run_write_ends(struct itrack_tracker *t, enum run_status status);
void run_wait_at_exit(struct itrack_tracker *t, int64_t waited_ms);

/* The list of handles that the exit looks at. */
void at_exit_add(struct itrack_tracker *t);
void at_exit_remove(struct itrack_tracker *t);

/* Calls the body for a handle that is not broken, with `control` if that is asked
 * for and to be had soon. */
void handle_call_at_exit(struct itrack_tracker *t, bool control,
    handle_body *body, const void *arguments);

/* A handle without kind; freed with itrack_free(). NULL: no memory. */
struct itrack_tracker *handle_new(void);

/* The caller's bytes as a text, allocated. */
char *text_of_bytes(const char *bytes);

/* `given`, or the next automatic step, which is taken. */
int64_t run_step(struct run *run, int64_t given);

/* A directory that stands in for $XDG_STATE_HOME where that can't be used,
 * allocated. NULL: there is none. */
char *spare_state_home(struct err *err);

/* Where a run of the local or TensorBoard tracker goes: the directory that
 * holds the runs, as bytes, allocated. */
char *place_of_runs(const struct settings *settings);
/* Where insideLLMs would have it: a slash in the project's name makes folders.
 * NULL: the name leads elsewhere. */
char *place_of_project(const struct settings *settings);
/* Makes the directory of the run, or takes an empty one that is there; what tells
 * it from others of the same name goes into the run's ID. A file in it says that
 * it is taken, until the worker has written something. */
int run_make_place(
    const struct settings *settings, struct run *run, struct err *err);
void run_unmark_place(const struct run *run);
/* Gives the directory back. */
void run_drop_place(struct run *run);

/* Writes the bytes beside the journal, where they stay until they are
 * delivered: the path, or NULL. The second logs them as an artifact too. */
char *run_keep_bytes(struct run *run, const struct buf *bytes, struct err *err);
int run_log_bytes(struct run *run, const struct buf *bytes, const char *name,
    const char *type, struct err *err);

struct artifact {
	const char *path, *name, *type;
	bool path_alone; /* no byte of it is wanted: it may be missing */
};

/* The file, or every regular file below the directory. */
int run_log_path(
    struct run *run, const struct artifact *artifact, struct err *err);

/* The artifact code.json. */
int run_log_code(struct itrack_tracker *t, struct err *err);

#endif
