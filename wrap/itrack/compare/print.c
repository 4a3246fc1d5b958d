#include "wrap/itrack/compare/print.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "wrap/itrack/grid.h"

static bool
is_rate(const char *metric)
{
	return strcmp(metric, RESULT_SUCCESS_RATE) == 0 ||
	    strcmp(metric, "error_rate") == 0;
}

char *
print_name(const struct run *run)
{
	char *text = text_path_text(run->dir), *name;

	if (run->attempt == NULL)
		return text;
	name = xasprintf("%s (%s)", text, run->attempt);
	free(text);
	return name;
}

char *
print_value(const char *metric, double value)
{
	if (isnan(value))
		return xstrdup("-");
	if (is_rate(metric))
		return grid_percent(value, 1);
	return grid_number(value);
}

char *
print_difference(const char *metric, double value)
{
	if (isnan(value))
		return xstrdup("-");
	if (is_rate(metric))
		return xasprintf("%+.1f", 100 * value);
	return xasprintf("%+.3g", value);
}

char *
print_p(double p)
{
	if (isnan(p))
		return xstrdup("-");
	return p < 0.001 ? xstrdup("<0.001") : xasprintf("%.3f", p);
}

char *
print_slice(const struct match_slice *slice)
{
	if (slice->base_model == NULL || slice->model == NULL ||
	    strcmp(slice->base_model, slice->model) == 0)
		return xasprintf("%s / %s",
		    slice->model != NULL ? slice->model : slice->base_model,
		    slice->probe);
	return xasprintf(
	    "%s -> %s / %s", slice->base_model, slice->model, slice->probe);
}

static void
add_count(struct buf *out, size_t count, const char *what)
{
	if (count > 0)
		buf_addf(out, "; %zu %s", count, what);
}

void
print_matching(const struct match *m, struct buf *out)
{
	buf_addf(out, "%zu pair%s", m->pairs, m->pairs == 1 ? "" : "s");
	if (m->pairs > 0 && m->by_key == m->pairs)
		buf_adds(out, " by replicate key");
	else if (m->pairs > 0 && m->by_key == 0)
		buf_addf(out, " by example%s",
		    m->across_models ? ", across models" : "");
	else if (m->pairs > 0)
		buf_addf(out, ", %zu by replicate key, %zu by example",
		    m->by_key, m->pairs - m->by_key);
	if (m->repeated > 0)
		buf_addf(out,
		    "; %zu repeat%s an example, and the tests count %s as "
		    "independent",
		    m->repeated, m->repeated == 1 ? "s" : "",
		    m->repeated == 1 ? "it" : "them");
	add_count(out, m->changed, "in both with different inputs");
	add_count(out, m->only_base, "in the base alone");
	add_count(out, m->only_now, "in the new run alone");
	add_count(out, m->base_apart + m->now_apart, "in no experiment");
}
