/* Pictures in a page, as SVG that needs no script: curves, an interval, bars. Each has
 * a text for those who don't see it. */
#ifndef WRAP_ITRACK_PAGE_SVG_H
#define WRAP_ITRACK_PAGE_SVG_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "wrap/itrack/compare/curve.h"

/* Lines of a chart are told apart by so many colours and dashes. */
#define SVG_STYLES 10

struct svg_chart {
	const char *label; /* what it shows, a text */
	const struct curve *curves;
	const char *const *names; /* of the curves, texts */
	size_t len;
	bool percent; /* from 0 to 100 %; else as the values are */
};

/* A curve for each run over its records, with a legend if there are several. */
void svg_chart(struct buf *out, const struct svg_chart *chart);

/* A difference with its interval beside zero; `most` is at the edge. */
void svg_interval(
    struct buf *out, double difference, double low, double high, double most);

/* How many values are in each of equal steps from `low` to `high`. */
void svg_bars(struct buf *out, const char *label, const size_t *counts,
    size_t len, double low, double high);

#endif
