/*
 * W&B's log file on the disk: records are collected and written whole, one
 * write() for all of them, so that who reads the file meanwhile sees whole
 * records only.
 *
 * After a restart the same records are written again from the first one. What
 * stands in the file already is compared, not written; where it differs, or is
 * torn, the file is cut and goes on from there.
 *
 *	wandb_log_open(&log, dirfd, "run-x.wandb", &err);
 *	wandb_record_...(&log.record, log.number, ...);
 *	wandb_log_add(&log);                        for each record
 *	wandb_log_flush(&log, &err);                once for several
 *	wandb_log_close(&log);
 */
#ifndef TRACKER_WANDB_ONLINE_LOG_H
#define TRACKER_WANDB_ONLINE_LOG_H

#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

struct wandb_log {
	int fd;
	int64_t written;    /* bytes of the file that are ours and whole */
	int64_t there;      /* bytes that were there when it was opened */
	int64_t number;     /* of the next record */
	struct buf record;  /* the next one */
	struct buf pending; /* container bytes behind `written` */
};

/* fd -1: not open. */
int wandb_log_open(
    struct wandb_log *log, int dirfd, const char *name, struct err *err);
void wandb_log_close(struct wandb_log *log);

/* Takes what was put into log->record as the next record. -EMSGSIZE: it is too
 * long, and left out. */
int wandb_log_add(struct wandb_log *log);

/* After an error nothing of it is in the file, and all comes with the next
 * call. */
int wandb_log_flush(struct wandb_log *log, struct err *err);

#endif
