/*
 * Computes the MD5 of a file piece by piece, so that a large file holds nothing
 * up.
 *
 *	wandb_hash_begin(&h, fd);
 *	while ((more = wandb_hash_step(&h, &err)) > 0) ...
 *	wandb_hash_end(&h, base64);
 */
#ifndef TRACKER_WANDB_HASH_H
#define TRACKER_WANDB_HASH_H

#include <md5.h>
#include <stdint.h>

#include "base/err.h"
#include "tracker/wandb/manifest.h"

struct wandb_hash {
	int fd;       /* borrowed */
	int64_t size; /* bytes read so far */
	MD5_CTX md5;
};

void wandb_hash_begin(struct wandb_hash *h, int fd);
/* Reads some MiB. 1: there is more; 0: that was the end; or a negative errno.
 */
int wandb_hash_step(struct wandb_hash *h, struct err *err);
void wandb_hash_end(struct wandb_hash *h, char base64[WANDB_MD5_BASE64]);

#endif
