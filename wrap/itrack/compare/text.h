/* The parts of the text form of a comparison: text_table.c has the table of results,
 * text.c the rest. */
#ifndef WRAP_ITRACK_COMPARE_TEXT_H
#define WRAP_ITRACK_COMPARE_TEXT_H

#include "wrap/itrack/compare/print.h"

#define TEXT_WIDTH 80

/* The table with the rows of all pairs and of each slice, and what its verdicts
 * mean. */
void text_add_table(
    const struct print *p, struct buf *out, const struct result *r);

/* At most `width` columns of the text, fit for a terminal; the last of a longer
 * one is "…". */
void text_add_cut(struct buf *out, const char *text, size_t width);
void text_add_blanks(struct buf *out, size_t count);

#endif
