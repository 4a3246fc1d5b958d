/*
 * Pieces of HTML. Texts (format/text.h) come from runs and may be hostile: each goes
 * through html_text(), and nothing of a run stands anywhere but in text and in quoted
 * attributes.
 */
#ifndef WRAP_ITRACK_PAGE_HTML_H
#define WRAP_ITRACK_PAGE_HTML_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* The text, fit for the inside of an element or of a quoted attribute; control and
 * bidirectional characters become visible (\n, \x1b). */
void html_text(struct buf *out, const char *text);
/* The same, but at most `most` characters; the last of a longer one is "…". */
void html_cut(struct buf *out, const char *text, size_t most);
/* The same for an allocated text, which is freed. */
void html_owned(struct buf *out, char *text);

/* <data value="0.8333333333333334">83.3 %</data>: the exact number with what people
 * read (print_value()). */
void html_value(struct buf *out, const char *metric, double value);
/* The end points of an interval, small: "75.1 to 90.3 %". NaN: nothing. */
void html_interval(
    struct buf *out, const char *metric, double low, double high);
/* A row's first cell, and a cell with a number. */
void html_head(struct buf *out, const char *text);
void html_count(struct buf *out, size_t count);

/* Names in tables are cut behind so many characters. */
#define PAGE_NAME_MAX 200

/* A table with a caption and the heads of its columns, which are plain ASCII; one
 * that begins with ">" is of numbers. The table may scroll sideways. */
void html_table(
    struct buf *out, const char *caption, const char *const *heads, size_t len);
/* The same with heads of any kind: begin, each column, rows. `many`: of so many
 * columns that they are made narrow. */
void html_table_begin(struct buf *out, const char *caption, bool many);
void html_column(struct buf *out, const char *head, bool number);
void html_table_rows(struct buf *out);
void html_table_end(struct buf *out);

#endif
