#include "tracker/wandb/manifest.h"

#include <md5.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/base64.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "tracker/common/names.h"

#define DIGEST_HEAD "wandb-artifact-manifest-v1\n"
#define NAME_HEAD   "insidellms-"
/* W&B's limit for an artifact's name. */
#define NAME_MAX_CHARACTERS 128
#define NAME_CHARACTERS                                                  \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"_.-"
/* A path in UTF-8. */
#define NAME_BYTES_MAX (64 * 1024)

void
wandb_md5_base64(
    const unsigned char digest[WANDB_MD5_BYTES], char base64[WANDB_MD5_BASE64])
{
	struct buf out;

	buf_init(&out, WANDB_MD5_BASE64);
	base64_add(&out, digest, WANDB_MD5_BYTES);
	memcpy(base64, out.data, WANDB_MD5_BASE64);
	buf_release(&out);
}

static int
compare(const void *a, const void *b)
{
	const struct wandb_file *x = a, *y = b;

	return strcmp(x->name, y->name);
}

void
wandb_manifest_add(
    struct wandb_manifest *m, const char *name, const char *md5, int64_t size)
{
	struct wandb_file key = {.name = (char *)name}, *file = NULL;

	if (m->len > 0)
		file =
		    bsearch(&key, m->files, m->len, sizeof(*m->files), compare);
	if (file == NULL) {
		m->files =
		    xreallocarray(m->files, m->len + 1, sizeof(*m->files));
		file = &m->files[m->len++];
		file->name = xstrdup(name);
	}
	snprintf(file->md5, sizeof(file->md5), "%s", md5);
	file->size = size;
	qsort(m->files, m->len, sizeof(*m->files), compare);
}

void
wandb_manifest_release(struct wandb_manifest *m)
{
	size_t i;

	for (i = 0; i < m->len; i++)
		free(m->files[i].name);
	free(m->files);
	*m = (struct wandb_manifest){0};
}

static void
put_hex(char *hex, const unsigned char digest[WANDB_MD5_BYTES])
{
	size_t i;

	for (i = 0; i < WANDB_MD5_BYTES; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

void
wandb_manifest_digest(const struct wandb_manifest *m, char hex[WANDB_MD5_HEX])
{
	unsigned char digest[WANDB_MD5_BYTES];
	struct buf line;
	MD5_CTX md5;
	size_t i;

	MD5Init(&md5);
	MD5Update(
	    &md5, (const unsigned char *)DIGEST_HEAD, strlen(DIGEST_HEAD));
	buf_init(&line, NAME_BYTES_MAX);
	for (i = 0; i < m->len; i++) {
		buf_reset(&line);
		text_to_utf8(&line, m->files[i].name);
		buf_addf(&line, ":%s\n", m->files[i].md5);
		MD5Update(&md5, (const unsigned char *)line.data, line.len);
	}
	buf_release(&line);
	MD5Final(digest, &md5);
	put_hex(hex, digest);
}

void
wandb_client_id(
    char id[WANDB_CLIENT_ID_SIZE], const char *attempt, const char *purpose)
{
	unsigned char digest[WANDB_MD5_BYTES];
	char *text, part = '0';
	MD5_CTX md5;
	size_t at;

	for (at = 0; at + 1 < WANDB_CLIENT_ID_SIZE; at += 2 * WANDB_MD5_BYTES) {
		text = xasprintf("%s %s %c", attempt, purpose, part++);
		MD5Init(&md5);
		MD5Update(&md5, (const unsigned char *)text, strlen(text));
		MD5Final(digest, &md5);
		put_hex(id + at, digest);
		free(text);
	}
}

void
wandb_manifest_json(const struct wandb_manifest *m, struct buf *out)
{
	const struct wandb_file *file;
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "version", 1);
	jsonwrite_text_member(&w, "storagePolicy", "wandb-storage-policy-v1");
	jsonwrite_open_member(&w, "storagePolicyConfig", '{');
	jsonwrite_text_member(&w, "storageLayout", "V2");
	jsonwrite_close(&w, '}');
	jsonwrite_open_member(&w, "contents", '{');
	for (file = m->files; file < m->files + m->len; file++) {
		jsonwrite_open_member(&w, file->name, '{');
		jsonwrite_text_member(&w, "digest", file->md5);
		jsonwrite_int_member(&w, "size", file->size);
		jsonwrite_close(&w, '}');
	}
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, '}');
}

/* Appends `given`, with at most `room` characters. */
static void
put_name(struct buf *out, const char *given, const char *allowed, size_t room)
{
	size_t len = strlen(given), i;
	bool changed = given[strspn(given, allowed)] != '\0' || len > room ||
	    names_has_digest(given, len);

	if (changed)
		room -= NAMES_DIGEST_CHARACTERS;
	for (i = 0; i < len && i < room; i++)
		buf_addc(
		    out, strchr(allowed, given[i]) != NULL ? given[i] : '_');
	if (changed)
		names_put_digest(out, given, len);
}

void
wandb_run_artifact_name(struct buf *out, const char *run_id)
{
	buf_adds(out, NAME_HEAD);
	put_name(out, run_id, NAME_CHARACTERS,
	    NAME_MAX_CHARACTERS - strlen(NAME_HEAD));
}

void
wandb_artifact_name(struct buf *out, const char *name)
{
	put_name(out, name, NAME_CHARACTERS, NAME_MAX_CHARACTERS);
}
