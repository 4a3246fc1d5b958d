/*
 * Makes history rows and the summary of a W&B run from entries, and makes
 * histograms fit W&B's limit of buckets. All values of one step are one row;
 * W&B wants the steps of rows to rise strictly, so a row stays open until
 * another step comes or the caller closes it.
 *
 *	wandb_rows_init(&rows, started_us, on_closed, data);
 *	wandb_rows_metrics(&rows, prefix, time_us, &entry->metrics);
 *	wandb_rows_histogram(&rows, prefix, time_us, &entry->histogram);
 *	wandb_rows_close(&rows);                    at the end
 *	wandb_rows_release(&rows);
 *
 * Values that the journal calls a summary are in no row: a chart of each would
 * be one dot. The same entries make the same rows, whenever they come.
 */
#ifndef TRACKER_WANDB_ROWS_H
#define TRACKER_WANDB_ROWS_H

#include <stdbool.h>
#include <stdint.h>

#include "journal/entry.h"
#include "tracker/wandb/values.h"

struct wandb_rows {
	/* Called for each complete row: `row` has _step, _timestamp and
	 * _runtime, and `summary` has taken over the row's values. */
	void (*closed)(const struct wandb_rows *rows, void *data);
	void *data;
	int64_t started_us;
	bool open;
	int64_t step;       /* the row's own */
	int64_t entry_step; /* of the entries that go into it */
	int64_t time_us;    /* of the last of them */
	/* A step was not larger than the one before: its row got the next
	 * free step. */
	bool stepped_back;
	/* A program's own steps keep their numbers: what comes for a step below
	 * the last one is left out, and counted. */
	bool only_rising;
	uint64_t left_out;
	bool renamed; /* a name was W&B's own and was changed */
	struct wandb_values row, summary;
	struct wandb_values final; /* of the summary, above what rows say */
};

void wandb_rows_init(struct wandb_rows *rows, int64_t started_us,
    void (*closed)(const struct wandb_rows *rows, void *data), void *data);
void wandb_rows_release(struct wandb_rows *rows);

void wandb_rows_metrics(struct wandb_rows *rows, const char *prefix,
    int64_t time_us, const struct entry_metrics *metrics);
void wandb_rows_histogram(struct wandb_rows *rows, const char *prefix,
    int64_t time_us, const struct entry_histogram *histogram);
/* Does nothing if no row is open. */
void wandb_rows_close(struct wandb_rows *rows);

#endif
