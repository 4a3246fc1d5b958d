/*
 * How many columns of a terminal a text takes: a CJK character or an emoji two, a
 * combining mark none.
 *
 * The widths are those of the C library (wcwidth), which follow Unicode's East Asian
 * Width, whatever the locale of the user is. Where the library has no UTF-8 locale of its
 * own, each character counts as one column.
 */
#ifndef FORMAT_WIDTH_H
#define FORMAT_WIDTH_H

#include <stddef.h>

/* A character that the C library does not know takes one column. */
size_t text_width(const char *text);

/* So many bytes of the text's beginning fit in so many columns; no character is cut, and
 * what combines with the last one is there. */
size_t text_fit(const char *text, size_t columns);

#endif
