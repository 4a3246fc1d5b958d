/* Finds the name that somebody who mistyped one has meant. */
#include "wrap/options/private.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* Longer words are no misspelling of any name here. */
#define WORD_MAX 40
/* The unit of the distance. A word that starts a name is as near as one slip, one
 * within a name a little less; from so many letters on. Hardly anybody mistypes
 * the first letter and another one. */
#define SLIP       2
#define START_MIN  3
#define WITHIN_MIN 4

static size_t
min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

/* Insertions, deletions, replacements and swaps of neighbours. */
static size_t
distance(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	size_t row[3][WORD_MAX + 1];
	size_t *before = row[0], *last = row[1], *now = row[2], *spare;

	if (a_len > WORD_MAX || b_len > WORD_MAX)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_len; j++)
		last[j] = j;
	for (size_t i = 1; i <= a_len; i++) {
		now[0] = i;
		for (size_t j = 1; j <= b_len; j++) {
			now[j] = min3(last[j] + 1, now[j - 1] + 1,
			    last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[b_len];
}

void
nearest_init(struct nearest *n, const char *word)
{
	n->word = word;
	n->name = NULL;
	/* A third of the letters may be wrong, one in short words. */
	n->distance = 2 * SLIP;
	if (strlen(word) / 3 > 1)
		n->distance = (strlen(word) / 3 + 1) * SLIP;
}

void
nearest_offer(struct nearest *n, const char *name)
{
	size_t word_len = strlen(n->word);
	size_t d = distance(n->word, name);

	if (word_len >= START_MIN && strncmp(n->word, name, word_len) == 0)
		d = SLIP;
	else if (word_len >= WITHIN_MIN && strstr(name, n->word) != NULL)
		d = SLIP + 1;
	else if (d >= strlen(name) || (d > 1 && n->word[0] != name[0]))
		return;
	else
		d *= SLIP;
	if (d < n->distance) {
		n->distance = d;
		n->name = name;
	}
}

void
nearest_hint(
    const struct nearest *n, const char *dashes, char hint[NEAREST_HINT_MAX])
{
	hint[0] = '\0';
	if (n->name != NULL)
		snprintf(hint, NEAREST_HINT_MAX, " (did you mean %s%s?)",
		    dashes, n->name);
}
