/* A table for a terminal: cells in rows, each column as wide as its widest cell. */
#ifndef WRAP_ITRACK_GRID_H
#define WRAP_ITRACK_GRID_H

#include <stddef.h>

struct grid {
	size_t columns;
	char **cells; /* texts fit for a terminal, row by row */
	size_t len, cap;
};

void grid_init(struct grid *g, size_t columns);
/* The next cell; the grid takes it over. */
void grid_add(struct grid *g, char *cell);
/* Prints what is there on standard output. */
void grid_print(const struct grid *g);
void grid_release(struct grid *g);

/* Cells: the text, escaped; a number; a count; a share in percent. */
char *grid_text(const char *text);
char *grid_number(double value);
char *grid_percent(double part, double whole);

#endif
