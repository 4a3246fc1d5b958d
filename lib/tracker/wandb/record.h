/*
 * The messages of W&B's log file (package wandb_internal, proto3): each
 * function appends one whole Record message. Numbers and meanings are those of
 * wandb_internal.proto; unknown values are left out.
 *
 * `num` counts the records of a file from 1.
 */
#ifndef TRACKER_WANDB_RECORD_H
#define TRACKER_WANDB_RECORD_H

#include <stdint.h>

#include "base/buf.h"
#include "tracker/wandb/bundle.h"
#include "tracker/wandb/manifest.h"
#include "tracker/wandb/run.h"
#include "tracker/wandb/values.h"

void wandb_record_header(struct buf *out, int64_t num);
/* Includes the config as it is now. */
void wandb_record_run(
    struct buf *out, int64_t num, const struct wandb_run *run);
void wandb_record_environment(struct buf *out, int64_t num,
    const struct wandb_run *run, const struct entry_start *start);
void wandb_record_config(
    struct buf *out, int64_t num, const struct wandb_values *config);
/* runtime_seconds goes into _wandb.runtime. */
void wandb_record_summary(struct buf *out, int64_t num,
    const struct wandb_values *values, int64_t runtime_seconds);
void wandb_record_history(
    struct buf *out, int64_t num, const struct wandb_values *row);
/* System metrics at a time. */
void wandb_record_stats(struct buf *out, int64_t num, int64_t time_us,
    const struct wandb_values *values);
/* Lists run files that are in files/ below the log file. */
void wandb_record_files(
    struct buf *out, int64_t num, const struct wandb_manifest *files);
/* `folder`: absolute path of the copies, a text. */
void wandb_record_artifact(struct buf *out, int64_t num,
    const struct wandb_run *run, const struct wandb_bundle *bundle,
    const char *folder);
void wandb_record_exit(
    struct buf *out, int64_t num, int exit_code, int64_t runtime_seconds);
void wandb_record_final(struct buf *out, int64_t num);
void wandb_record_footer(struct buf *out, int64_t num);

#endif
