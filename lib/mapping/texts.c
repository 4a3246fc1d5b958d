#include "mapping/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

static int
compare(const struct counted_text *a, const struct counted_text *b)
{
	return strcmp(a->text, b->text);
}

/* RB_GENERATE_STATIC leans on a macro that glibc lacks. */
RB_GENERATE_INTERNAL(
    texts_tree, counted_text, link, compare, static __attribute__((unused)))

void
texts_init(struct texts *t, size_t max, size_t max_bytes)
{
	*t = (struct texts){.max = max, .max_bytes = max_bytes};
	RB_INIT(&t->by_text);
}

void
texts_release(struct texts *t)
{
	size_t i;

	for (i = 0; i < t->len; i++) {
		free(t->list[i]->text);
		free(t->list[i]);
	}
	free(t->list);
	*t = (struct texts){.list = NULL};
}

static struct counted_text *
add(struct texts *t, const char *text)
{
	size_t bytes = strlen(text) + 1;
	struct counted_text *entry;

	if (t->len == t->max || bytes > t->max_bytes - t->bytes)
		return NULL;
	t->list =
	    xgrow(t->list, t->len, &t->cap, sizeof(struct counted_text *));
	entry = xcalloc(1, sizeof *entry);
	entry->text = xstrdup(text);
	t->bytes += bytes;
	t->list[t->len++] = entry;
	RB_INSERT(texts_tree, &t->by_text, entry);
	return entry;
}

struct counted_text *
texts_find(struct texts *t, const char *text)
{
	/* Only compared, never written to. */
	struct counted_text probe = {.text = (char *)(uintptr_t)text};
	struct counted_text *entry = RB_FIND(texts_tree, &t->by_text, &probe);

	return entry != NULL ? entry : add(t, text);
}
