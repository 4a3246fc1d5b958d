/*
 * A JSON array in a file that grows while others read it: metrics.json and
 * artifacts.json of the local tracker, each a whole document at every moment.
 * Elements go to a temporary file, which replaces the file when it is
 * published. The kernel copies the elements that were published before, so only
 * the elements of one batch are in memory, however long the array gets.
 *
 *	local_array_init(&a, dirfd, "metrics.json", word);
 *	local_array_begin(&a, &w); ... write one element ...
 *	local_array_end(&a, &err);
 *	local_array_publish(&a, &err);
 *	local_array_release(&a);
 */
#ifndef TRACKER_LOCAL_ARRAY_H
#define TRACKER_LOCAL_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/tempfile.h"
#include "format/jsonwrite.h"

struct local_array {
	int dirfd; /* borrowed */
	const char *name;
	const char *word;     /* of temporary files; borrowed */
	int shown;            /* the file that was published last, or -1 */
	int64_t shown_len;    /* its bytes up to the last element */
	struct tempfile next; /* at rest: no file is under way */
	int64_t next_len;
	uint64_t count;
	bool dirty; /* some elements stand in `next` or `held` only */
	struct buf held;
	size_t held_mark;
};

/* `name` is a literal. The array is dirty at first: publishing it writes
 * "[]". */
void local_array_init(
    struct local_array *a, int dirfd, const char *name, const char *word);
/* Removes the temporary file. */
void local_array_release(struct local_array *a);

void local_array_begin(struct local_array *a, struct jsonwrite *w);
/* -EMSGSIZE: the element is too long, and is left out. After any other error
 * nothing more can be added; the published file stays. */
int local_array_end(struct local_array *a, struct err *err);

int local_array_publish(struct local_array *a, struct err *err);

#endif
