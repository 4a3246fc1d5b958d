/*
 * The container of W&B's log file (run-<id>.wandb): a header of seven bytes,
 * then records, cut into chunks that never cross a block of 32768 bytes. It is
 * LevelDB's log format with another header and a plain CRC-32. Pure: the caller
 * says where in the file a record starts.
 *
 *	wandbfile_header(&out);                       the file's first bytes
 *	wandbfile_record(&out, offset, data, len);    offset: its place there
 *
 * Payloads are protobuf messages; nothing here knows them.
 */
#ifndef TRACKER_WANDB_FILE_H
#define TRACKER_WANDB_FILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define WANDBFILE_HEADER_BYTES 7
#define WANDBFILE_BLOCK_BYTES  32768

void wandbfile_header(struct buf *out);

/* Appends the bytes of one record for the place `offset` in the file. The
 * buffer notes an overflow. */
void wandbfile_record(
    struct buf *out, int64_t offset, const void *data, size_t len);

#endif
