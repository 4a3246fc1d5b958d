/*
 * The runs of one command: an attempt for each run directory that it writes.
 *
 * A run belongs to the process that writes it, and ends when that one ends,
 * when it starts another run, or when the command ends. The exit status belongs
 * to the run whose writer is the command itself.
 */
#ifndef WRAP_WORKER_RUNS_H
#define WRAP_WORKER_RUNS_H

#include <stdbool.h>
#include <sys/types.h>

#include "wrap/attempt/attempt.h"
#include "wrap/link/link.h"
#include "wrap/attempt/report.h"

struct runs;

struct runs_config {
	struct loop *loop;
	struct tree *tree;
	const struct options *options;
	const char *state_dir;
	const char *config_path; /* of insideLLMs, as typed; or NULL */
	const struct link_launched *launched;
	struct report *report; /* for what can't be tracked, and each run */
	/* Something settled: runs_are_settled() may have changed. */
	void (*settled)(void *data);
	void *data;
};

struct runs *runs_new(const struct runs_config *config);
/* Reports every run that was not reported when it settled, and gives all back.
 * True: all of them are complete. */
bool runs_close(struct runs *runs);

/* A file of the directory was opened for writing. `begins`: one that every run
 * opens just once (the configuration), so that a second time means a second
 * run. Nothing happens if it is no run directory. */
void runs_consider(
    struct runs *runs, const char *dir, pid_t writer, bool begins);

/* Is the directory that is there now one of these? */
bool runs_know(const struct runs *runs, const char *dir);

/* A run directory of this command was found without the shim. One that is
 * known already is none. Behind runs_end() it waits for its turn. */
void runs_found(struct runs *runs, const char *dir, pid_t writer);

size_t runs_count(const struct runs *runs);
/* The directory of the i-th. */
const char *runs_dir(const struct runs *runs, size_t i);
void runs_turn(struct runs *runs);
/* ended NULL: the command is over, nobody knows how. runs_drain() follows. */
void runs_end(struct runs *runs, const struct link_ended *ended);
/* Before runs_end(): the last line of the command's output, an object with
 * numbers; borrowed until then. They go to the run that ends with the command,
 * else to one of their own. */
void runs_take_line(struct runs *runs, const char *line, size_t len);
void runs_drain(struct runs *runs, int64_t ms);
bool runs_are_settled(const struct runs *runs);
/* Appends what is not delivered yet, by tracker: "mlflow: 12 entries". */
void runs_describe_pending(const struct runs *runs, struct buf *line);

#endif
