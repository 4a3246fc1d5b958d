/*
 * An attempt: one tracking of one run. attempt.c decides which status it
 * ends with (finished, failed, killed), make.c how it begins. It connects a
 * watcher, which makes entries, the journal, which keeps them, and a
 * delivery for each tracker.
 *
 *	attempt_new(&a, &config, &err);   or attempt_adopt() for one left behind
 *	attempt_turn(a);                  at the end of every loop turn
 *	attempt_end(a, &outcome);         the run is over: last entries
 *	attempt_drain(a, ms);             go on delivering so long at most
 *	attempt_is_settled(a)             nothing is left to wait for
 *	attempts_put_away(&a, 1);         keeps the journal if something is
 *	                                  pending, else leaves a line in the
 *	                                  index
 *	attempt_close(a);
 */
#ifndef WRAP_ATTEMPT_ATTEMPT_H
#define WRAP_ATTEMPT_ATTEMPT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "base/loop.h"
#include "journal/entry.h"
#include "tracker/tracker.h"
#include "watcher/watcher.h"
#include "wrap/options/options.h"

struct attempt;

struct attempt_config {
	struct loop *loop;
	struct inotify *inotify; /* NULL: read at the end only (import) */
	const struct options *options;
	const char *state_dir; /* NULL: memory only */
	/* SOURCE_LIBRARY: the attempt follows no run directory; the caller adds
	 * the entries. */
	enum run_source source;
	int64_t started_us;  /* 0: now, or what the files say */
	const char *run_dir; /* absolute bytes, not resolved */
	/* A descriptor of the directory, borrowed; 0: the path is opened. */
	int dir_fd;
	/* Deliver nothing until attempt_let_go() is called. */
	bool held;
	const char *config_path; /* bytes as typed, or NULL */
	/* The file of insideLLMs' --output, bytes, absolute; or NULL. The
	 * caller must keep it until the end of the process. */
	const char *results;
	const char *command; /* base name of the program, or NULL */
	pid_t writer;        /* of the command that we track; or 0 */
	bool writer_guessed; /* nobody has seen that it writes the run */
	struct watcher_stamp old_manifest; /* what was there before */
	struct timespec not_before;        /* the launch, in file times */
	bool record_only;
	bool notifies; /* --notify: its end is told, if it is in the journal */
	/* Where it goes, with destinations, read by attempt_new() alone; NULL:
	 * as the options say. */
	const struct target *targets;
	size_t target_len;
	/* For each of these: true leaves it out; NULL: none. */
	const bool *leave_out;
	/* The directory was replaced: the caller ends this attempt and begins
	 * another. */
	void (*replaced)(struct attempt *a, void *data);
	/* The manifest exists: the whole run can be told from here on. */
	void (*complete)(struct attempt *a, void *data);
	/* A rule of --stop-if holds: the command is to be stopped. NULL: no
	 * rule counts, because nobody can stop what wrote the run. */
	void (*rule_holds)(struct attempt *a, void *data);
	/* Another command goes on with the run: what stopped the one before
	 * stops nobody now. */
	bool new_command;
	/* A delivery finished, blocked or gave up. */
	void (*settled)(struct attempt *a, void *data);
	void *data;
};

/* How the run ended, as far as that is known. */
struct attempt_outcome {
	bool has_exit; /* the writer is the command; its wait status */
	int wait_status;
	bool command_killed; /* the command died by a signal */
	bool stopped;        /* it was sent one, for a rule of --stop-if */
	bool has_usage;
	struct rusage usage;
	bool has_wall;
	double wall_seconds;
	/* Another run has begun in the directory. */
	bool superseded;
	/* System metrics for a run that has none yet. */
	const struct metric *sample;
	size_t sample_len;
	/* The last line of the command's output; NULL: none. */
	const char *line;
	size_t line_len;
};

/* The prefix for the names of the numbers in that line, in a run that has other
 * metrics. */
#define ATTEMPT_LINE_PREFIX "stdout/"

/* Begins a new attempt; a negative errno: the directory can't be followed. */
int attempt_new(struct attempt **attempt, const struct attempt_config *config,
    struct err *err);

/* Takes over a journal whose owner is dead. If the directory still exists and
 * the journal has no end, the attempt follows the directory from where the
 * journal stops. -EBUSY: the journal has an owner, or its command goes on and
 * without inotify we would end it too early. */
int attempt_adopt(struct attempt **attempt, const struct attempt_config *config,
    const char *name, struct err *err);

/* Not an error that a system call has. */
#define ATTEMPT_MISFIT (-EREMCHG)
/* Could an attempt that is there not be taken up for a reason that passes? One
 * more beside it would be the run twice. */
bool attempt_may_be_adopted_later(int result);
/* As attempt_adopt, but ATTEMPT_MISFIT if the journal was made from other
 * records than the directory has now, or the directory was made anew. */
int attempt_adopt_if_fits(struct attempt **attempt,
    const struct attempt_config *config, const char *name, struct err *err);

void attempt_turn(struct attempt *a);
void attempt_scan(struct attempt *a);
/* A file of the run as its writer has it; `fd` is borrowed. */
void attempt_take_file(struct attempt *a, const char *name, int fd);
/* Was the manifest of a complete run read? */
bool attempt_has_manifest(const struct attempt *a);
/* System metrics of this moment; names as MLflow has them. `more`: of the same
 * sample as those before, if there was one. */
void attempt_sample(
    struct attempt *a, const struct metric *list, size_t len, bool more);
bool attempt_has_sample(const struct attempt *a);
void attempt_end(struct attempt *a, const struct attempt_outcome *outcome);
/* The config's: it is no result of this run. */
const struct watcher_stamp *attempt_old_manifest(const struct attempt *a);
/* Nothing more is read of it. */
bool attempt_is_ended(const struct attempt *a);
/* A file of the run could not be looked at when the run had ended: its journal
 * got no end, and `itrack sync` finishes it. */
bool attempt_is_left(const struct attempt *a);
/* ms as for delivery_drain(). */
void attempt_drain(struct attempt *a, int64_t ms);
/* From now on the attempt is delivered. */
void attempt_let_go(struct attempt *a);
/* Do all its trackers write on this machine? */
bool attempt_is_local(const struct attempt *a);
/* The attempt is one of many that end at once: it is not written down nor
 * delivered until attempts_let_go(), where all of them share the syncs. */
void attempt_gather(struct attempt *a);
void attempts_let_go(struct attempt *const *list, size_t len);
/* Forgets an attempt that is held, and removes its journal. */
void attempt_drop(struct attempt *a);
bool attempt_is_settled(const struct attempt *a);
/* Has every tracker taken everything, with nothing rejected? */
bool attempt_is_complete(const struct attempt *a);
/* Nothing more is delivered. Where the outputs, the line or the removal of the
 * journal fails, the journal stays with its cursors: attempt_remarks() has why,
 * it is not complete, and the next sync does the rest. Several are of one state
 * directory, and share the syncs. */
void attempts_put_away(struct attempt *const *list, size_t len);
void attempt_close(struct attempt *a);

/* For the report. */

/* Bytes. */
const char *attempt_run_dir(const struct attempt *a);
/* Where the run directory is, or was when the run ended: it may have been
 * moved. Text, allocated. */
char *attempt_place(const struct attempt *a);
const char *attempt_name(const struct attempt *a);
const struct entry_start *attempt_start(const struct attempt *a);
/* NULL: not known (yet). */
const char *attempt_run_id(const struct attempt *a);
/* Which rule of --stop-if held, and why; NULL: none did. */
const char *attempt_stop_reason(const struct attempt *a);
enum run_status attempt_status(const struct attempt *a);
/* When it started, in microseconds since 1970. */
int64_t attempt_start_us(const struct attempt *a);
/* NULL for an attempt that is only delivered. */
const struct watcher *attempt_watcher(const struct attempt *a);
size_t attempt_delivery_count(const struct attempt *a);
void attempt_delivery_status(
    const struct attempt *a, size_t i, struct delivery_status *status);
/* How many entries the tracker still has to take; 0 if its delivery has
 * settled. */
uint64_t attempt_pending(const struct attempt *a, const char *tracker);
/* Nothing of the journal is on the disk: what is not delivered is lost. */
bool attempt_in_memory(const struct attempt *a);
/* Its beginning alone is: the rest is read from the records again. */
bool attempt_is_cut(const struct attempt *a);
/* What went wrong with the journal, one a line; "" if nothing. */
const char *attempt_remarks(const struct attempt *a);
/* For the index. */
struct attempt_index_facts {
	const char *state_dir;
	int64_t started_us, ended_us;
	int64_t records_bytes;
	uint32_t records_crc32c;
};
void attempt_index_facts(
    const struct attempt *a, struct attempt_index_facts *facts);

#endif
