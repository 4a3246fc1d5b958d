/*
 * W&B's log file on the disk: records are collected, and one write() writes all
 * of them, so that another reader of the file sees whole records only.
 *
 * After a restart the same records are written again from the first one.
 * Records that the file holds already are compared, not written; where they
 * differ, or one is torn, the file is cut and continued from there.
 *
 *	wandb_log_open(&log, dirfd, "run-x.wandb", &err);
 *	wandb_record_...(&log.record, log.number, ...);
 *	wandb_log_add(&log);                        for each record
 *	wandb_log_flush(&log, &err);                once for several
 *	wandb_log_close(&log);
 */
#ifndef TRACKER_WANDB_LOG_FILE_H
#define TRACKER_WANDB_LOG_FILE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct wandb_log {
	int fd;
	int64_t written;    /* bytes of the file that we wrote or compared */
	int64_t there;      /* bytes that were there when it was opened */
	int64_t number;     /* of the next record */
	struct buf record;  /* the next one */
	struct buf pending; /* container bytes behind `written` */
};

/* fd -1: not open. */
int wandb_log_open(
    struct wandb_log *log, int dirfd, const char *name, struct err *err);
void wandb_log_close(struct wandb_log *log);

/* Takes the content of log->record as the next record. -EMSGSIZE: it is too
 * long, and is left out. */
int wandb_log_add(struct wandb_log *log);

/* After an error nothing of it is in the file, and the next call writes it all
 * again. */
int wandb_log_flush(struct wandb_log *log, struct err *err);

#endif
