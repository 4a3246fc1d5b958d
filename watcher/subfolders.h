/*
 * Decides which files of a run directory's subfolders are tracked: those that
 * insideLLMs writes when it is asked to prove what it did, receipts of each call,
 * attestations, integrity roots, the verdict of the policy, signatures. They are read
 * and taken as artifacts when the run ends, since they come last.
 *
 *	subfolders_init(&x, &config);
 *	subfolders_take(&x, dir_fd);       a negative errno: not all could be seen
 *	... x.receipts, x.verdict ...
 *	subfolders_emit(&x, dir_text, time_us);
 *	subfolders_release(&x);
 */
#ifndef WATCHER_SUBFOLDERS_H
#define WATCHER_SUBFOLDERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapping/receipts.h"
#include "watcher/artifacts.h"

/* insideLLMs writes some thirty; what is beyond is counted in a remark. */
#define SUBFOLDERS_FILES_MAX 128

struct subfolders {
	struct settle_config config;
	bool has_receipts; /* there is receipts/calls.jsonl */
	struct receipts receipts;
	struct buf verdict; /* policy/verdict.json; empty: none */
	struct subfolders_file {
		char *name; /* "attestations/00.source.dsse.json", text */
		mode_t mode;
		int64_t size, mtime_ns;
		uint64_t inode;
		struct settle_kept kept;
	} list[SUBFOLDERS_FILES_MAX];
	size_t len;
	size_t beyond;
	int64_t kept_bytes;
};

/* The config is that of the other artifacts; numbers of kept files are above
 * theirs. */
void subfolders_init(struct subfolders *x, const struct settle_config *config);
void subfolders_release(struct subfolders *x);

/* May be called once more: then what was taken before is forgotten. */
int subfolders_take(struct subfolders *x, int dir_fd);
/* `dir_text` as in settle_emit(). */
void subfolders_emit(
    struct subfolders *x, const char *dir_text, int64_t time_us);

#endif
