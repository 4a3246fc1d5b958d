/*
 * The files that insideLLMs writes below a run directory when it is asked to
 * prove what it did: receipts of each call, attestations, integrity roots, the
 * verdict of the policy, signatures. They are read and taken as artifacts when
 * the run ends, since they come last.
 *
 *	extras_init(&x, &config);
 *	extras_take(&x, dir_fd);       a negative errno: not all could be seen
 *	... x.receipts, x.verdict ...
 *	extras_emit(&x, dir_text, time_us);
 *	extras_release(&x);
 */
#ifndef WATCHER_EXTRAS_H
#define WATCHER_EXTRAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "mapping/receipts.h"
#include "watcher/artifacts.h"

/* insideLLMs writes some thirty; what is beyond is counted in a remark. */
#define EXTRAS_MAX 128

struct extras {
	struct settle_config config;
	bool has_receipts; /* there is receipts/calls.jsonl */
	struct receipts receipts;
	struct buf verdict; /* policy/verdict.json; empty: none */
	struct extra {
		char *name; /* "attestations/00.source.dsse.json", text */
		mode_t mode;
		int64_t size, mtime_ns;
		uint64_t inode;
		struct settle_kept kept;
	} list[EXTRAS_MAX];
	size_t len;
	size_t beyond;
	int64_t kept_bytes;
};

/* The config is that of the other artifacts; numbers of kept files are above
 * theirs. */
void extras_init(struct extras *x, const struct settle_config *config);
void extras_release(struct extras *x);

/* May be called once more: then what was taken before is forgotten. */
int extras_take(struct extras *x, int dir_fd);
/* `dir_text` as in settle_emit(). */
void extras_emit(struct extras *x, const char *dir_text, int64_t time_us);

#endif
