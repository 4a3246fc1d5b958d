#include "wrap/itrack/grid.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/die.h"
#include "format/text.h"
#include "format/width.h"

/* Between two columns. */
#define GAP 2
/* Doubles up to here have each whole number. */
#define WHOLE_MAX 9007199254740992.0

void
grid_init(struct grid *g, size_t columns)
{
	*g = (struct grid){.columns = columns};
}

void
grid_add(struct grid *g, char *cell)
{
	g->cells = xgrow(g->cells, g->len, &g->cap, sizeof(g->cells[0]));
	g->cells[g->len++] = cell;
}

void
grid_print(const struct grid *g)
{
	size_t *width = xcalloc(g->columns, sizeof width[0]);

	for (size_t i = 0; i < g->len; i++) {
		size_t length = text_width(g->cells[i]);

		if (length > width[i % g->columns])
			width[i % g->columns] = length;
	}
	for (size_t i = 0; i < g->len; i++) {
		size_t length = text_width(g->cells[i]);
		bool last = i % g->columns == g->columns - 1;

		fputs(g->cells[i], stdout);
		for (; !last && length < width[i % g->columns] + GAP; length++)
			putchar(' ');
		if (last)
			putchar('\n');
	}
	free(width);
}

void
grid_release(struct grid *g)
{
	for (size_t i = 0; i < g->len; i++)
		free(g->cells[i]);
	free(g->cells);
	*g = (struct grid){0};
}

char *
grid_text(const char *text)
{
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	text_escape(&out, text);
	return buf_steal(&out);
}

char *
grid_number(double value)
{
	/* A sum of tokens is exact. */
	if (fabs(value) < WHOLE_MAX && value == trunc(value))
		return xasprintf("%.0f", value);
	return xasprintf("%.4g", value);
}

char *
grid_percent(double part, double whole)
{
	double percent = 100 * part / whole;

	if (whole == 0)
		return xstrdup("-");
	if (part == 0 || part == whole)
		return xasprintf("%.0f %%", percent);
	/* Almost all is not all. */
	if (percent > 99.9)
		percent = 99.9;
	return xasprintf("%.1f %%", percent < 0.1 ? 0.1 : percent);
}
