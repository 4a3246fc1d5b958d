/*
 * A growing run of bytes with a mandatory maximum. A piece that would pass the
 * maximum is not added, and the buffer remembers that: a caller may add many
 * pieces and ask once, with buf_overflowed(), before it uses the result.
 *
 *	struct buf b;
 *	buf_init(&b, MAX);
 *	buf_addf(&b, ...);
 *	... b.data, b.len ...
 *	buf_release(&b);
 *
 * `data` is always followed by a NUL that `len` does not count; it may hold
 * NULs of its own. The buffer owns `data`; buf_steal() hands it over.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	bool overflow;
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
/* Empties the buffer and forgets an overflow; the memory is kept. */
void buf_reset(struct buf *b);
bool buf_overflowed(const struct buf *b);

/* The slow path of buf_reserve(), for when the allocated memory is too
 * small. */
char *buf_grow(struct buf *b, size_t len);

/* Makes room for `len` more bytes at `data + len`; the caller writes them and
 * then counts them with buf_advance(). NULL: they would pass the maximum. */
static inline char *
buf_reserve(struct buf *b, size_t len)
{
	/* Memory comes in powers of two: it can have room that the maximum
	 * does not allow. */
	if (len < b->cap - b->len && len <= b->max - b->len)
		return b->data + b->len;
	return buf_grow(b, len);
}

static inline void
buf_advance(struct buf *b, size_t len)
{
	b->len += len;
	b->data[b->len] = '\0';
}

/* Each returns 0, or -EMSGSIZE when the maximum would be passed. */
static inline int
buf_add(struct buf *b, const void *data, size_t len)
{
	char *room;

	if (len == 0)
		return 0;
	room = buf_reserve(b, len);
	if (room == NULL)
		return -EMSGSIZE;
	memcpy(room, data, len);
	buf_advance(b, len);
	return 0;
}

static inline int
buf_addc(struct buf *b, char c)
{
	return buf_add(b, &c, 1);
}

static inline int
buf_adds(struct buf *b, const char *text)
{
	return buf_add(b, text, strlen(text));
}

int buf_addf(struct buf *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Drops `len` bytes at the front. */
void buf_consume(struct buf *b, size_t len);
/* Cuts it to `len` bytes. */
void buf_truncate(struct buf *b, size_t len);
/* Hands the bytes over as an allocated string and leaves the buffer empty. */
char *buf_steal(struct buf *b);

#endif
