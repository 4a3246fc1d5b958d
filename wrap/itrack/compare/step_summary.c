#include "wrap/itrack/compare/step_summary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wrap/itrack/command.h"

/* GitHub takes 1 MiB of a step's summary, and nothing of a longer one. */
#define SUMMARY_MAX ((size_t)1024 * 1024 - 4096)

int
compare_step_summary(const struct print *p)
{
	const char *actions = getenv("GITHUB_ACTIONS");
	const char *path = getenv("GITHUB_STEP_SUMMARY");
	struct buf out;
	FILE *file;
	bool good;

	if (actions == NULL || strcmp(actions, "true") != 0 || path == NULL ||
	    path[0] == '\0')
		return STATUS_OK;
	buf_init(&out, SIZE_MAX / 2);
	print_markdown(p, &out);
	if (out.len > SUMMARY_MAX) {
		buf_truncate(&out, SUMMARY_MAX);
		while (out.len > 0 && out.data[out.len - 1] != '\n')
			buf_truncate(&out, out.len - 1);
		buf_adds(&out,
		    "\n\nThe rest is longer than a step's summary may be.\n");
	}
	file = fopen(path, "ae");
	good = file != NULL && fwrite(out.data, 1, out.len, file) == out.len;
	good = file != NULL && fclose(file) == 0 && good;
	buf_release(&out);
	if (good)
		return STATUS_OK;
	fprintf(stderr,
	    "itrack compare: GITHUB_STEP_SUMMARY: %s can't be written\n", path);
	return STATUS_FAILURE;
}
