/*
 * The page of `itrack report`: what ran, how it went, compared with the first run.
 * One HTML document that loads nothing and runs nothing.
 *
 *	page = (struct page){.runs = runs, .len = len, ...};
 *	page_write(&page, &out, &err);
 *
 * Lists are cut where the page would grow too large, and say so.
 */
#ifndef WRAP_ITRACK_PAGE_PAGE_H
#define WRAP_ITRACK_PAGE_PAGE_H

#include "base/buf.h"
#include "base/err.h"
#include "stats/wilson.h"
#include "wrap/itrack/compare/figures.h"
#include "wrap/itrack/compare/result.h"

/* More can't be told apart in one chart. */
#define PAGE_RUNS_MAX 10

struct page {
	struct run *const *runs;
	char *const *names; /* of the runs, texts, short and each once */
	size_t len;
	const struct figures *figures; /* of the runs */
	const struct result *results;  /* of runs[i + 1] against the first */
	bool texts;                    /* with prompts and answers */
};

int page_write(const struct page *p, struct buf *out, struct err *err);

/* The sections, for page.c. */
void page_runs(const struct page *p, struct buf *out);
void page_results(const struct page *p, struct buf *out);
void page_curves(const struct page *p, struct buf *out);
void page_comparison(const struct page *p, struct buf *out);
void page_slices(const struct page *p, struct buf *out);
int page_failures(const struct page *p, struct buf *out, struct err *err);
void page_latency(const struct page *p, struct buf *out);

/* A table with a column for each run: its head, and a row with a metric of each run
 * (compare/figures.h) and, unless NULL, its interval. html_table_end() ends it. */
void page_table(const struct page *p, struct buf *out, const char *caption,
    const char *head);
void page_row(const struct page *p, struct buf *out, const char *label,
    const char *metric, const struct interval *intervals);

/* The names of the scores that one of the runs has, each once. */
struct page_scores {
	char **list; /* with "scores/" */
	size_t len;
};

struct page_scores page_scores(const struct page *p);
void page_scores_release(struct page_scores *scores);

#endif
