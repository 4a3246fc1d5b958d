#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"

/* The first allocation: most texts fit. */
#define BUF_FIRST_BYTES 64

static char empty[1];

void
buf_init(struct buf *b, size_t max)
{
	*b = (struct buf){.data = empty, .max = max};
}

void
buf_release(struct buf *b)
{
	if (b->cap > 0)
		free(b->data);
	buf_init(b, b->max);
}

void
buf_reset(struct buf *b)
{
	b->overflow = false;
	buf_truncate(b, 0);
}

bool
buf_overflowed(const struct buf *b)
{
	return b->overflow;
}

char *
buf_grow(struct buf *b, size_t len)
{
	size_t want;

	if (len > b->max - b->len) {
		b->overflow = true;
		return NULL;
	}
	want = b->cap > 0 ? b->cap : BUF_FIRST_BYTES;
	while (want < b->len + len + 1)
		want *= 2;
	if (want > b->cap) {
		b->data = xreallocarray(b->cap > 0 ? b->data : NULL, want, 1);
		b->cap = want;
		b->data[b->len] = '\0';
	}
	return b->data + b->len;
}

int
buf_addf(struct buf *b, const char *format, ...)
{
	va_list ap;
	char *room;
	int n;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		die("bad format: %s", format);
	room = buf_reserve(b, (size_t)n);
	if (room == NULL)
		return -EMSGSIZE;
	if (n == 0)
		return 0;
	va_start(ap, format);
	vsnprintf(room, (size_t)n + 1, format, ap);
	va_end(ap);
	buf_advance(b, (size_t)n);
	return 0;
}

void
buf_consume(struct buf *b, size_t len)
{
	if (len == 0)
		return;
	memmove(b->data, b->data + len, b->len - len);
	buf_truncate(b, b->len - len);
}

void
buf_truncate(struct buf *b, size_t len)
{
	b->len = len;
	if (b->cap > 0)
		b->data[len] = '\0';
}

char *
buf_steal(struct buf *b)
{
	char *text = b->cap > 0 ? b->data : xstrdup("");

	buf_init(b, b->max);
	return text;
}
