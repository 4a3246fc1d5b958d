/*
 * Builds the requests of W&B's file stream, which takes the history and
 * summary of a run, line by line, each with its number. A request is built
 * once and sent again unchanged until it was answered; by the numbers the
 * server recognises lines that it has.
 *
 *	wandb_stream_init(&s, client, run, lines_there);
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

struct wandb_stream {
	struct wandb_client *client; /* borrowed */
	const struct wandb_run *run; /* borrowed */
	char *path;                  /* of the URL */
	struct wandb_call call;
	STAILQ_HEAD(, wandb_line)
	lines;             /* not confirmed; the first has number
			      `confirmed` */
	size_t line_bytes; /* the size of these lines */
	int64_t confirmed; /* lines that the server has */
	int64_t rows;      /* all rows so far, those that it had before, too */
	bool summary_dirty;
	char **uploaded; /* run files to be named in a request */
	size_t uploaded_len;
	/* The request that has not been answered yet. */
	bool waiting;
	int64_t sent_lines;
	size_t sent_uploaded;
	bool sent_end;
	bool ended;      /* the server knows the end */
	int64_t last_ms; /* of the last request, monotonic; 0: none yet */
	int64_t quiet_until_ms; /* the server's rate limit, monotonic */
	bool stopped;           /* somebody pressed stop in W&B */
	bool lost;              /* a row was too long for W&B */
};

struct wandb_end {
	int exit_code;
	int64_t seconds; /* of the run */
};

/* `lines_there`: those of this run's rows that the server has. */
void wandb_stream_init(struct wandb_stream *s, struct wandb_client *client,
    const struct wandb_run *run, int64_t lines_there);
void wandb_stream_release(struct wandb_stream *s);

/* Adds the run's row, which is complete, as the next line. */
void wandb_stream_row(struct wandb_stream *s);
/* Notes that a run file was uploaded; the next request tells the server. */
void wandb_stream_uploaded(struct wandb_stream *s, const char *name);

/* Is there anything to send? */
bool wandb_stream_has_news(const struct wandb_stream *s);

/* Sends the lines that there are, or again the request that was not answered;
 * without either, a sign of life. Sends at most WANDB_STREAM_BYTES: call again
 * while there are lines. `end`: makes this the last request, if all lines fit
 * into it (else it is as with NULL). */
#define WANDB_STREAM_BYTES (4 * 1024 * 1024)
void wandb_stream_post(struct wandb_stream *s, const struct wandb_end *end,
    wandb_done *done, void *data);
/* done() must call this for an answer that is DONE, and for no other. */
void wandb_stream_answered(
    struct wandb_stream *s, const struct wandb_reply *reply);

#endif
