/*
 * Two run directories that anybody wrote: records and a configuration of each. They are
 * compared and put on a page, without harm: pairs are of one question, nothing counts
 * twice, the JSON is JSON and the page has no element that a record could have made.
 */
#include <math.h>

#include "format/jsonscan.h"
#include "tests/fuzz/fuzz.h"
#include "wrap/itrack/compare/print.h"
#include "wrap/itrack/page/page.h"

/* More take the bootstrap too long for a fuzzer. */
#define CASES_MAX 200

static void
check_match(
    const struct match *m, const struct run *base, const struct run *now)
{
	size_t by_base = m->only_base + m->changed + m->base_apart + m->pairs;
	size_t by_now = m->only_now + m->changed + m->now_apart + m->pairs;

	expect(by_base == base->len);
	expect(by_now == now->len);
	for (size_t i = 0; i < m->len; i++)
		for (size_t k = 0; k < m->slices[i].len; k++)
			expect(m->slices[i].pairs[k].base->digest ==
			    m->slices[i].pairs[k].now->digest);
}

static void
check_rows(const struct result *r)
{
	for (size_t i = 0; i < r->row_len; i++) {
		const struct result_row *row = &r->overall[i];

		expect(row->n <= r->match.pairs);
		expect(row->n == 0 || (row->p > 0 && row->p <= 1 + 1e-9));
		expect(isnan(row->low) || row->low <= row->high);
	}
}

static void
check_json(const struct print *p)
{
	struct json_span whole;
	struct buf out;

	buf_init(&out, SIZE_MAX / 2);
	print_json(p, &out);
	expect(jsonscan_whole(out.data, out.len, &whole) == 0);
	buf_reset(&out);
	print_text(p, &out);
	print_markdown(p, &out);
	expect(strchr(out.data, '\x1b') == NULL);
	buf_release(&out);
}

static void
check_page(struct run *base, struct run *now, const struct result *result)
{
	struct run *runs[] = {base, now};
	char *names[] = {base->survey.dir_name, now->survey.dir_name};
	struct figures figures[2];
	const struct page page = {.runs = runs,
	    .names = names,
	    .len = 2,
	    .figures = figures,
	    .results = result,
	    .texts = true};
	struct buf out;

	figures_read(&figures[0], base);
	figures_read(&figures[1], now);
	buf_init(&out, SIZE_MAX / 2);
	expect(page_write(&page, &out, NULL) == 0);
	expect(strlen(out.data) == out.len);
	expect(strcasestr(out.data, "<script") == NULL);
	expect(strstr(out.data, "<img") == NULL);
	buf_release(&out);
	figures_release(&figures[0]);
	figures_release(&figures[1]);
}

static void
compare(struct run *base, struct run *now)
{
	const struct rules rules = {.len = 0};
	struct print_one one = {.run = now};
	struct print p = {
	    .base = base, .list = &one, .len = 1, .rules = &rules};

	result_make(&one.result, base, now);
	figures_read(&one.figures, now);
	figures_read(&p.base_figures, base);
	settings_compare(&one.settings, base, now);
	check_match(&one.result.match, base, now);
	check_rows(&one.result);
	check_json(&p);
	check_page(base, now, &one.result);
	settings_release(&one.settings);
	figures_release(&one.figures);
	figures_release(&p.base_figures);
	result_release(&one.result);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	char *a = fuzz_make_dir("a"), *b = fuzz_make_dir("b");
	struct run base, now;

	/* Without records it is a run directory, too. */
	fuzz_put("a/.insidellms_run", "", 0);
	fuzz_put("b/.insidellms_run", "", 0);
	fuzz_put_part("a/records.jsonl", &at, end);
	fuzz_put_part("a/config.resolved.yaml", &at, end);
	fuzz_put_part("b/records.jsonl", &at, end);
	fuzz_put_part("b/config.resolved.yaml", &at, end);
	expect(run_read(&base, a, NULL) == 0);
	expect(run_read(&now, b, NULL) == 0);
	if (base.len <= CASES_MAX && now.len <= CASES_MAX)
		compare(&base, &now);
	run_release(&base);
	run_release(&now);
	free(a);
	free(b);
	fuzz_clear();
	return 0;
}
