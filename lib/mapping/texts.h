/*
 * A bounded set of distinct texts in order of first appearance, each with a
 * count: the statuses and the run IDs of a run.
 *
 *	texts_init(&t, TEXTS_MAX, TEXTS_MAX_BYTES);
 *	entry = texts_find(&t, text);       added if it is new; NULL: no room
 *	... t.list[0 .. t.len - 1] ...
 *	texts_release(&t);
 */
#ifndef MAPPING_TEXTS_H
#define MAPPING_TEXTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/tree.h>

struct counted_text {
	RB_ENTRY(counted_text) link; /* private */
	char *text;                  /* format/text.h */
	uint64_t count;
};

RB_HEAD(texts_tree, counted_text);

struct texts {
	struct counted_text **list;
	size_t len;
	/* private */
	size_t max, cap, bytes, max_bytes;
	struct texts_tree by_text;
};

void texts_init(struct texts *t, size_t max, size_t max_bytes);
void texts_release(struct texts *t);

/* Finds the text's entry, which never moves; a new one has the count 0. */
struct counted_text *texts_find(struct texts *t, const char *text);

#endif
