/*
 * The files of a W&B artifact: names, digests and sizes, and the manifest
 * and digest that W&B makes of them.
 *
 *	wandb_manifest_add(&m, name, md5, size);    sorted by name, each once
 *	wandb_manifest_digest(&m, hex);
 *	wandb_manifest_release(&m);
 *
 * A zeroed struct is empty.
 */
#ifndef TRACKER_WANDB_MANIFEST_H
#define TRACKER_WANDB_MANIFEST_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* One artifact holds an insideLLMs run's files; every run of one run ID is a
 * version of it. */
#define WANDB_ARTIFACT_TYPE "insidellms-run"
/* Larger files are in the artifact only, because they would be uploaded
 * twice. */
#define WANDB_RUN_FILE_MAX_BYTES ((int64_t)64 * 1024 * 1024)
/* Bytes of an MD5 digest; its Base64 and hexadecimal forms with a NUL. */
#define WANDB_MD5_BYTES  16
#define WANDB_MD5_BASE64 25
#define WANDB_MD5_HEX    33
/* Characters of a client ID, as W&B makes them, and a NUL. */
#define WANDB_CLIENT_ID_SIZE 129

struct wandb_file {
	char *name; /* relative path, a text */
	char md5[WANDB_MD5_BASE64];
	int64_t size;
};

struct wandb_manifest {
	struct wandb_file *files; /* sorted by the bytes of the name */
	size_t len;
};

/* If the name exists already, it gets the new digest ("": none is needed). */
void wandb_manifest_add(
    struct wandb_manifest *m, const char *name, const char *md5, int64_t size);
void wandb_manifest_release(struct wandb_manifest *m);

void wandb_manifest_digest(
    const struct wandb_manifest *m, char hex[WANDB_MD5_HEX]);
/* Writes the JSON that is uploaded as wandb_manifest.json. */
void wandb_manifest_json(const struct wandb_manifest *m, struct buf *out);

/* Append "insidellms-<run id>", or a name that a program gave, with the characters
 * and the length that W&B allows; what is changed gets a digest
 * (tracker/common/names.h). */
void wandb_run_artifact_name(struct buf *out, const char *run_id);
void wandb_artifact_name(struct buf *out, const char *name);

/* Writes characters [0-9a-f] that stand for this artifact of this run alone.
 * They are the same each time, so that the server recognises a repeated
 * call. */
void wandb_client_id(
    char id[WANDB_CLIENT_ID_SIZE], const char *attempt, const char *purpose);

void wandb_md5_base64(
    const unsigned char digest[WANDB_MD5_BYTES], char base64[WANDB_MD5_BASE64]);

#endif
