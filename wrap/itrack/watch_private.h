/*
 * What the files of `itrack watch` share: watch.c (the command, its roots and
 * its rounds), watch_nodes.c (which directories there are below them) and
 * watch_runs.c (when a run directory is to be tracked).
 */
#ifndef WRAP_ITRACK_WATCH_PRIVATE_H
#define WRAP_ITRACK_WATCH_PRIVATE_H

#include <sys/queue.h>
#include <sys/tree.h>

#include "watcher/inotify.h"
#include "watcher/watcher.h"
#include "wrap/itrack/import.h"
#include "wrap/itrack/live.h"

/* So long an undelivered run waits for the next try. */
#define WATCH_RETRY_MS (60 * 1000)
/* How often a root is looked for that is not there, or may be another one by
 * now. */
#define WATCH_ROOT_MS 1000

/* The files of a run directory by which it is seen whether it has changed. */
#define WATCH_FILES 4

enum node_kind {
	NODE_FOLDER, /* no run directory (yet): what is in it is looked at */
	NODE_RUN,
};

/* A directory below a root, or the root itself. */
struct node {
	struct watch *watch;
	char *path;
	int level; /* 0: a root */
	enum node_kind kind;
	struct watcher_identity identity;
	struct inotify_watch events;
	bool watched;
	bool seen; /* in the list of its folder */
	bool gone;
	bool due, waiting; /* in that queue */
	int64_t next_ms;   /* of one that waits */
	int64_t quiet_ms;  /* a folder is not listed again before */
	bool said;         /* what is wrong with it */
	/* Of a run directory. */
	struct watcher_stamp stamps[WATCH_FILES]; /* when it was looked at */
	bool looked;
	/* Since when it waits to be begun with; 0: it does not. */
	int64_t put_off_ms;
	bool old;      /* it was finished before, and has not changed */
	bool over;     /* so it was, or it is tracked */
	bool again;    /* to be tried once more, changed or not */
	bool resumed;  /* its records have grown behind its manifest */
	int open;      /* attempts under way */
	char *pending; /* an attempt of ours that is not delivered */
	RB_ENTRY(node) by_path;
	TAILQ_ENTRY(node) queue;
};

struct watch {
	struct import im;
	struct inotify *inotify;
	struct loop *loop;
	struct loop_timer timer;
	/* What a terminal shows while runs are written. */
	struct live *live; /* NULL: none */
	struct loop_timer live_timer;
	size_t finished; /* runs that are over */
	/* Runs that were last written before are left alone until they
	 * change. */
	int64_t since_us, started_us;
	bool starting; /* nothing is begun before it is said what is watched */
	bool ending;   /* what is complete is taken at once */
	RB_HEAD(nodes, node) nodes;
	TAILQ_HEAD(node_queue, node) due, waiting;
};

RB_PROTOTYPE(nodes, node, by_path, )

/* Prints the report as it is now, and empties it. */
void watch_print(struct watch *w, bool wanted);

/* --- watch_nodes.c --- */

struct node *node_add(struct watch *w, const char *path, int level);
struct node *node_find(struct watch *w, const char *path);
void node_free(struct node *n);
/* To be looked at in the next round; or after that time. */
void node_put_due(struct node *n);
void node_put_off(struct node *n, int64_t ms);
/* Looks at the directory: what it is, and what is in it. */
void node_look(struct node *n);
/* A root that was not there may have come, or another one in its place. */
void node_check_root(struct node *n);

/* --- watch_runs.c --- */

/* 1: it is a run directory; 0: it is none; a negative errno. */
int run_recognise(const char *path, struct watcher_stamp *stamps);
/* A run directory was found, or has changed. */
void run_look(struct node *n, const struct watcher_stamp *stamps);
/* It is gone: what is under way of it ends. */
void run_is_gone(struct node *n);
/* Is something of it not delivered, or under way? What is not delivered is tried
 * again. */
bool run_is_at_work(struct node *n);
/* For deliver_on_closed(). */
void run_on_closed(struct attempt *a, bool complete, void *data);

#endif
