/*
 * Builds the requests of W&B's file stream, which takes the history, the system
 * metrics (events) and the summary of a run, line by line, each with its number.
 * A request is built once and sent again unchanged until it was answered; by the
 * numbers the server recognises lines that it has.
 *
 *	wandb_stream_init(&s, client, run);
 *	wandb_stream_confirmed(&s, &lines_there);   once, before the first post
 *	wandb_stream_row(&s);                       for each row, from the first
 *	wandb_stream_post(&s, NULL, done, data);    done for each answer
 *	wandb_stream_release(&s);
 */
#ifndef TRACKER_WANDB_STREAM_H
#define TRACKER_WANDB_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "tracker/wandb/client.h"
#include "tracker/wandb/run.h"

struct wandb_line {
	STAILQ_ENTRY(wandb_line) link;
	char *json;
};

/* The lines of one file. */
struct wandb_lines {
	const char *file;
	int64_t before; /* lines of the run that this one goes on with */
	STAILQ_HEAD(, wandb_line)
	list;              /* not confirmed; the first has number `confirmed` */
	size_t bytes;      /* the size of these lines */
	int64_t confirmed; /* lines behind these that the server has */
	int64_t all;       /* so far, those that it had before, too */
	int64_t sent;      /* in the request that was not answered yet */
};

/* How many lines the server has of each file. */
struct wandb_lines_there {
	int64_t history, events;
};

struct wandb_stream {
	struct wandb_client *client; /* borrowed */
	const struct wandb_run *run; /* borrowed */
	char *path;                  /* of the URL */
	struct wandb_call call;
	struct wandb_lines history, events;
	bool summary_dirty;
	char **uploaded; /* run files to be named in a request */
	size_t uploaded_len;
	/* The request that has not been answered yet. */
	bool waiting;
	size_t sent_bytes; /* of the lines in it */
	bool sent_summary;
	size_t sent_uploaded;
	bool sent_end;
	bool ended;      /* the server knows the end */
	int64_t last_ms; /* of the last request, monotonic; 0: none yet */
	int64_t quiet_until_ms; /* the server's rate limit, monotonic */
	bool stopped;           /* somebody pressed stop in W&B */
	bool lost;              /* a row was too long for W&B */
	/* Of a server that has called a request too large: the most bytes of
	 * lines, lines without anything else, and what is too large alone. */
	size_t limit;
	bool apart;
	bool summary_refused;
	/* The server has it from an earlier process that ended the run, and it
	 * names tables of records that this one has yet to send again. */
	bool summary_there;
	size_t rows_refused, rows_named;
};

struct wandb_end {
	int exit_code;
	int64_t seconds; /* of the run */
};

/* `lines_there`: those of this run's rows that the server has. */
void wandb_stream_init(struct wandb_stream *s, struct wandb_client *client,
    const struct wandb_run *run);
/* The server has so many lines already. Lines may have been added before. */
void wandb_stream_confirmed(
    struct wandb_stream *s, const struct wandb_lines_there *there);
void wandb_stream_release(struct wandb_stream *s);

/* Adds the run's row, which is complete, as the next line. */
void wandb_stream_row(struct wandb_stream *s);
/* Adds system metrics as a line of their own, which W&B shows over the time. */
void wandb_stream_event(struct wandb_stream *s, const struct entry *e);
/* Are there lines to send? */
bool wandb_stream_has_lines(const struct wandb_stream *s);
/* Notes that a run file was uploaded; the next request tells the server. */
void wandb_stream_uploaded(struct wandb_stream *s, const char *name);

/* The summary of the run as JSON, into a buffer that the caller releases. `end`:
 * the run has ended so. */
void wandb_stream_summary(const struct wandb_stream *s,
    const struct wandb_end *end, struct buf *json);

/* Is there anything to send? */
bool wandb_stream_has_news(const struct wandb_stream *s);

/* Sends the lines that there are, or again the request that was not answered;
 * without either, a sign of life. Sends at most WANDB_STREAM_BYTES: call again
 * while there are lines. `end`: makes this the last request, if all lines fit
 * into it (else it is as with NULL). */
#define WANDB_STREAM_BYTES (4 * 1024 * 1024)
void wandb_stream_post(struct wandb_stream *s, const struct wandb_end *end,
    wandb_done *done, void *data);
/* Instead of wandb_stream_answered(), for an answer that says that the request was
 * too large: the next one is smaller, half of the lines or those without
 * anything else. What is too large alone is named in the report and left out: of a
 * row its place stays. False: there is nothing to leave out. */
bool wandb_stream_shrink(struct wandb_stream *s);
/* done() must call this for an answer that is DONE, and for no other. */
void wandb_stream_answered(
    struct wandb_stream *s, const struct wandb_reply *reply);

#endif
