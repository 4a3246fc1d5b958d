/*
 * A run directory that anybody wrote: records, manifest, summary, marker,
 * explain. It is checked without harm, and the check says the same twice.
 */
#include "tests/fuzz/fuzz.h"
#include "wrap/itrack/examine/directory.h"
#include "wrap/worker/search/guess.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct check first, second;
	char *dir = fuzz_make_dir("run");

	fuzz_put_part("run/records.jsonl", &at, end);
	fuzz_put_part("run/manifest.json", &at, end);
	fuzz_put_part("run/summary.json", &at, end);
	fuzz_put_part("run/.insidellms_run", &at, end);
	fuzz_put_part("run/explain.json", &at, end);
	expect(check_directory(&first, dir, NULL) == 0);
	expect(check_directory(&second, dir, NULL) == 0);
	for (int i = 0; i < CHECK_COUNT; i++) {
		expect(first.defects[i].count == second.defects[i].count);
		expect(first.defects[i].line == second.defects[i].line);
		expect(fuzz_same(
		    first.defects[i].detail, second.defects[i].detail));
		expect(first.defects[i].count > 0 ||
		    first.defects[i].detail == NULL);
	}
	check_release(&first);
	check_release(&second);
	free(dir);
	fuzz_clear();
	return 0;
}
