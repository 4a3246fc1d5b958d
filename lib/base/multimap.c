#include "base/multimap.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/hash.h"

/* The first size; it doubles. A power of two. */
#define ROOM_MIN 64

void
multimap_release(struct multimap *m)
{
	free(m->nodes);
	free(m->heads);
	*m = (struct multimap){0};
}

uint64_t
multimap_hash(const char *text)
{
	return hash_bytes(text, strlen(text));
}

/* Inodes come in rows: all bits count. */
static uint32_t *
head_of(const struct multimap *m, uint64_t key)
{
	key *= 0x9e3779b97f4a7c15u;
	return &m->heads[(key >> 32) & (m->head_len - 1)];
}

static void
link_node(struct multimap *m, uint32_t at)
{
	uint32_t *head = head_of(m, m->nodes[at].key);

	m->nodes[at].next = *head;
	*head = at;
}

static void
grow(struct multimap *m)
{
	if (m->room > UINT32_MAX / 2)
		die("too many entries for a table");
	if (m->len == 0)
		m->len = 1;
	m->room = m->room == 0 ? ROOM_MIN : m->room * 2;
	m->nodes = xreallocarray(m->nodes, m->room, sizeof *m->nodes);
	free(m->heads);
	m->head_len = m->room;
	m->heads = xcalloc(m->head_len, sizeof *m->heads);
	for (uint32_t at = 1; at < m->len; at++)
		link_node(m, at);
}

void
multimap_add(struct multimap *m, uint64_t key, uint32_t value)
{
	if (m->len == m->room)
		grow(m);
	m->nodes[m->len] = (struct multimap_node){.key = key, .value = value};
	link_node(m, m->len++);
}

static uint32_t
first_of(const struct multimap *m, uint64_t key, uint32_t at)
{
	while (at != 0 && m->nodes[at].key != key)
		at = m->nodes[at].next;
	return at;
}

uint32_t
multimap_find(const struct multimap *m, uint64_t key)
{
	return m->len == 0 ? 0 : first_of(m, key, *head_of(m, key));
}

uint32_t
multimap_next(const struct multimap *m, uint32_t at)
{
	return first_of(m, m->nodes[at].key, m->nodes[at].next);
}

uint32_t
multimap_value(const struct multimap *m, uint32_t at)
{
	return m->nodes[at].value;
}

/* The last node takes the free place, so that a table that things come to and
 * leave does not grow. */
static void
fill_gap(struct multimap *m, uint32_t gap)
{
	uint32_t last = --m->len, *link;

	if (gap == last)
		return;
	for (link = head_of(m, m->nodes[last].key); *link != last;)
		link = &m->nodes[*link].next;
	*link = gap;
	m->nodes[gap] = m->nodes[last];
}

void
multimap_remove(struct multimap *m, uint64_t key, uint32_t value)
{
	uint32_t *link;

	if (m->len == 0)
		return;
	for (link = head_of(m, key); *link != 0; link = &m->nodes[*link].next) {
		uint32_t at = *link;

		if (m->nodes[at].key != key || m->nodes[at].value != value)
			continue;
		*link = m->nodes[at].next;
		fill_gap(m, at);
		return;
	}
}
