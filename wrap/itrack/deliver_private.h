/* What deliver.c (attempts at work), deliver_gather.c (many that share their syncs)
 * and followed_end.c (when a run that goes on has ended) share. */
#ifndef WRAP_ITRACK_DELIVER_PRIVATE_H
#define WRAP_ITRACK_DELIVER_PRIVATE_H

#include <sys/queue.h>

#include "base/loop.h"
#include "wrap/attempt/stop.h"
#include "wrap/itrack/deliver.h"

/* So many are gathered at most, and of fewer than this each is for itself. */
#define DELIVER_GATHER_MAX 64
#define DELIVER_GATHER_MIN 4

struct item {
	struct attempt *attempt;
	bool follow, replaced, gathered;
	int64_t changed_ms; /* when the records last grew */
	int64_t offset;
	TAILQ_ENTRY(item) link;
};

struct deliver {
	const struct options *options;
	const char *state_dir;
	struct report *report;
	struct loop *loop;
	struct inotify *inotify;
	struct loop_turn turn;
	struct stop stop;
	struct loop_timer look;
	size_t count;
	TAILQ_HEAD(, item) items;
	bool complete, waiting, woken;
	bool follows, finishing, late; /* late: the time of finishing is over */
	struct loop_timer finish;
	void (*closed)(struct attempt *a, bool complete, void *data);
	void *data;
	size_t gather_max, gathered;
	int64_t gathered_since_ms;
	bool emptying;             /* what was gathered is delivered */
	struct progress *progress; /* NULL: not expected to be many */
	bool filling;              /* more come as soon as there is room */
};

/* Puts them away together, and forgets them. */
void deliver_close_items(
    struct deliver *d, struct item *const *list, size_t len);
/* The run is over: its last entries. */
void deliver_end_attempt(struct item *item, bool superseded);
/* The same, and what is left is delivered. */
void deliver_end_item(struct item *item, bool superseded);
bool deliver_is_over(const struct deliver *d, const struct item *item);
/* Runs the loop until what it was run for is done. */
void deliver_turn(struct deliver *d);

/* Ends those of the followed runs that have ended; the timer's function. */
void deliver_look_for_ends(struct loop_timer *timer);
void deliver_watch_ends(struct deliver *d);

/* How many may be gathered in this process. */
size_t deliver_gather_limit(void);
/* Ends the run and keeps it until there are more, or until now. */
void deliver_gather(struct deliver *d, struct item *item);
/* All of them, when the last is over. */
void deliver_close_gathered(struct deliver *d);

#endif
