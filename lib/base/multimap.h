/*
 * A hash table from 64-bit keys to numbers; a key may have several. It is for
 * tables of thousands of lines or files that a process reads once.
 *
 *	struct multimap m = {0};
 *	multimap_add(&m, multimap_hash("name"), 7);
 *	at = multimap_find(&m, key);                   0: there is none
 *	multimap_value(&m, at);
 *	at = multimap_next(&m, at);
 *	multimap_release(&m);
 */
#ifndef BASE_MULTIMAP_H
#define BASE_MULTIMAP_H

#include <stddef.h>
#include <stdint.h>

struct multimap_node {
	uint64_t key;
	uint32_t value;
	uint32_t next; /* private */
};

struct multimap {
	struct multimap_node *nodes; /* the first is not used */
	uint32_t *heads;
	uint32_t len, room, head_len;
};

void multimap_release(struct multimap *m);

/* A key of a text. Different texts may have one key. */
uint64_t multimap_hash(const char *text);

void multimap_add(struct multimap *m, uint64_t key, uint32_t value);
/* The first node of the key, the youngest, and the next one; 0: no more. */
uint32_t multimap_find(const struct multimap *m, uint64_t key);
uint32_t multimap_next(const struct multimap *m, uint32_t at);
/* The number at a node. */
uint32_t multimap_value(const struct multimap *m, uint32_t at);
/* Takes the pair out, if it is there. */
void multimap_remove(struct multimap *m, uint64_t key, uint32_t value);

#endif
