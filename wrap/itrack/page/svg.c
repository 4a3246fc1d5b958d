#include "wrap/itrack/page/svg.h"

#include <math.h>

#include "wrap/itrack/page/html.h"

/* The chart, and the frame in which its lines are. */
#define WIDTH  720.0
#define HEIGHT 240.0
#define LEFT   52.0
#define RIGHT  708.0
#define TOP    10.0
#define BOTTOM 206.0
#define STEPS  4

/* The picture of an interval. */
#define BAR_WIDTH  140.0
#define BAR_HEIGHT 16.0

struct frame {
	double low, high; /* values at the bottom and the top */
	double most;      /* records at the right */
	int steps;        /* from the bottom to the top */
};

/* The least of 1, 2, 2.5, 5, 10 times a power of ten that is not below. */
static double
round_up(double value)
{
	static const double parts[] = {1, 2, 2.5, 5, 10};
	double power = pow(10, floor(log10(value)));
	size_t i = 0;

	while (
	    i + 1 < sizeof parts / sizeof parts[0] && parts[i] * power < value)
		i++;
	return parts[i] * power;
}

/* So that people read round numbers at the lines. */
static void
round_ends(struct frame *f)
{
	double step = round_up(f->high / STEPS - f->low / STEPS);
	double low = floor(f->low / step), high = ceil(f->high / step);

	/* Beyond the range of a double, or of its digits, they stay. */
	if (!isfinite(low * step) || !isfinite(high * step) ||
	    !(high - low <= 2 * STEPS))
		return;
	f->low = low * step;
	f->high = high * step;
	f->steps = (int)(high - low);
}

static struct frame
frame_of(const struct svg_chart *chart)
{
	struct frame f = {INFINITY, -INFINITY, 1, STEPS};

	for (size_t i = 0; i < chart->len; i++)
		for (size_t k = 0; k < chart->curves[i].len; k++) {
			f.low = fmin(f.low, chart->curves[i].y[k]);
			f.high = fmax(f.high, chart->curves[i].y[k]);
			f.most = fmax(f.most, chart->curves[i].x[k]);
		}
	if (chart->percent || f.low > f.high) {
		f.low = 0;
		f.high = 1;
	} else if (f.low == f.high) {
		double pad = f.low == 0 ? 1 : fabs(f.low) / 10;

		f.low -= pad;
		f.high += pad;
	}
	if (!chart->percent)
		round_ends(&f);
	return f;
}

static double
place_x(const struct frame *f, double x)
{
	return LEFT + (RIGHT - LEFT) * x / f->most;
}

static double
place_y(const struct frame *f, double y)
{
	/* The halves of huge values have a difference. */
	return BOTTOM -
	    (BOTTOM - TOP) *
	    ((y / 2 - f->low / 2) / (f->high / 2 - f->low / 2));
}

/* The lines' values differ in the digits that are shown. */
static void
add_value(struct buf *out, const struct frame *f, double value)
{
	double step = f->high / f->steps - f->low / f->steps;
	double most = fmax(fabs(f->low), fabs(f->high));
	int digits = (int)ceil(log10(most / step)) + 2;

	if (fabs(value) < step / 1000)
		value = 0;
	buf_addf(out, "%.*g</text>",
	    digits < 3       ? 3
		: digits < 9 ? digits
			     : 9,
	    value);
}

static void
add_axes(struct buf *out, const struct frame *f, bool percent)
{
	for (int i = 0; i <= f->steps; i++) {
		double share = (double)i / f->steps;
		double value = f->low * (1 - share) + f->high * share;
		double y = place_y(f, value);

		buf_addf(out,
		    "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" "
		    "y2=\"%.1f\"/>",
		    LEFT, RIGHT, y, y);
		buf_addf(out,
		    "<text x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">",
		    LEFT - 6, y + 4);
		if (percent)
			buf_addf(out, "%.0f %%</text>", 100 * value);
		else
			add_value(out, f, value);
	}
	for (int i = 0; i <= STEPS; i++) {
		double x = f->most * i / STEPS;

		/* A place between two records gets no number. */
		if (x == floor(x))
			buf_addf(out,
			    "<text x=\"%.1f\" y=\"%.0f\" text-anchor=\"%s\">"
			    "%.0f</text>",
			    place_x(f, x), BOTTOM + 18,
			    i == STEPS ? "end" : "middle", x);
	}
	buf_addf(out,
	    "<text x=\"%.0f\" y=\"%.0f\" text-anchor=\"middle\">records</text>",
	    (LEFT + RIGHT) / 2, HEIGHT - 4);
}

static void
add_line(struct buf *out, const struct frame *f, const struct curve *curve,
    size_t style)
{
	/* A single place makes no line. */
	if (curve->len == 1)
		buf_addf(out,
		    "<circle class=\"s s%zu\" cx=\"%.1f\" cy=\"%.1f\" "
		    "r=\"2\"/>",
		    style, place_x(f, curve->x[0]), place_y(f, curve->y[0]));
	if (curve->len < 2)
		return;
	buf_addf(out, "<polyline class=\"s s%zu\" points=\"", style);
	for (size_t i = 0; i < curve->len; i++)
		buf_addf(out, "%s%.1f,%.1f", i > 0 ? " " : "",
		    place_x(f, curve->x[i]), place_y(f, curve->y[i]));
	buf_adds(out, "\"/>");
}

static void
add_legend(struct buf *out, const struct svg_chart *chart)
{
	buf_adds(out, "<ul class=\"legend\">");
	for (size_t i = 0; i < chart->len; i++) {
		if (chart->curves[i].len == 0)
			continue;
		buf_addf(out,
		    "<li><svg width=\"34\" height=\"10\" aria-hidden=\"true\">"
		    "<line class=\"s s%zu\" x1=\"0\" x2=\"34\" y1=\"5\" "
		    "y2=\"5\"/></svg>",
		    i % SVG_STYLES);
		html_text(out, chart->names[i]);
		buf_adds(out, "</li>");
	}
	buf_adds(out, "</ul>");
}

void
svg_chart(struct buf *out, const struct svg_chart *chart)
{
	struct frame f = frame_of(chart);

	buf_adds(out, "<figure><figcaption>");
	html_text(out, chart->label);
	buf_adds(out, "</figcaption>");
	if (chart->len > 1)
		add_legend(out, chart);
	buf_addf(out,
	    "<svg role=\"img\" viewBox=\"0 0 %.0f %.0f\" width=\"%.0f\" "
	    "height=\"%.0f\" aria-label=\"",
	    WIDTH, HEIGHT, WIDTH, HEIGHT);
	html_text(out, chart->label);
	buf_adds(out,
	    " over the records; the last value is in the table of "
	    "results\">");
	add_axes(out, &f, chart->percent);
	for (size_t i = 0; i < chart->len; i++)
		add_line(out, &f, &chart->curves[i], i % SVG_STYLES);
	buf_adds(out, "</svg></figure>\n");
}

void
svg_interval(
    struct buf *out, double difference, double low, double high, double most)
{
	double middle = BAR_WIDTH / 2, y = BAR_HEIGHT / 2;
	double scale = most > 0 ? (middle - 4) / most : 0;

	if (isnan(difference))
		return;
	buf_addf(out,
	    "<svg class=\"bar\" aria-hidden=\"true\" width=\"%.0f\" "
	    "height=\"%.0f\"><line class=\"zero\" x1=\"%.1f\" x2=\"%.1f\" "
	    "y1=\"0\" y2=\"%.0f\"/>",
	    BAR_WIDTH, BAR_HEIGHT, middle, middle, BAR_HEIGHT);
	if (!isnan(low))
		buf_addf(out,
		    "<line class=\"ci\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.0f\" "
		    "y2=\"%.0f\"/>",
		    middle + scale * low, middle + scale * high, y, y);
	buf_addf(out,
	    "<circle class=\"dot\" cx=\"%.1f\" cy=\"%.0f\" r=\"3.5\"/></svg>",
	    middle + scale * difference, y);
}

void
svg_bars(struct buf *out, const char *label, const size_t *counts, size_t len,
    double low, double high)
{
	double width = (RIGHT - LEFT) / (double)len, bottom = 100;
	size_t most = 1;

	for (size_t i = 0; i < len; i++)
		most = counts[i] > most ? counts[i] : most;
	buf_addf(out,
	    "<figure><svg role=\"img\" viewBox=\"0 0 %.0f 124\" width=\"%.0f\" "
	    "height=\"124\" aria-label=\"",
	    WIDTH, WIDTH);
	html_text(out, label);
	buf_adds(out, "\">");
	for (size_t i = 0; i < len; i++) {
		double height = 90 * (double)counts[i] / (double)most;

		if (counts[i] > 0)
			buf_addf(out,
			    "<rect class=\"fill\" x=\"%.1f\" y=\"%.1f\" "
			    "width=\"%.1f\" height=\"%.1f\"/>",
			    LEFT + width * (double)i + 1, bottom - height,
			    width - 2, height);
	}
	buf_addf(out,
	    "<line class=\"zero\" x1=\"%.0f\" x2=\"%.0f\" y1=\"100\" "
	    "y2=\"100\"/><text x=\"%.0f\" y=\"118\">%.3g</text>"
	    "<text x=\"%.0f\" y=\"118\" text-anchor=\"end\">%.3g</text></svg>"
	    "<figcaption>",
	    LEFT, RIGHT, LEFT, low, RIGHT, high);
	html_text(out, label);
	buf_addf(out,
	    "; %zu records in the highest bar</figcaption></figure>\n", most);
}
