/*
 * itrack report: one page of HTML about runs, to look at, to keep and to send.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"
#include "wrap/itrack/command.h"
#include "wrap/itrack/compare/base.h"
#include "wrap/itrack/print.h"
#include "wrap/itrack/page/page.h"

#define TO_STDOUT "-"
#define PAGE_MODE 0666

struct report {
	struct run runs[PAGE_RUNS_MAX], *list[PAGE_RUNS_MAX];
	char *names[PAGE_RUNS_MAX];
	struct figures figures[PAGE_RUNS_MAX];
	struct result results[PAGE_RUNS_MAX];
	size_t len;
};

static int
complain(const struct err *err)
{
	print_failure("report", err);
	return STATUS_FAILURE;
}

/* The directories' own names where they differ, else as they were given. */
static void
name_runs(struct report *r)
{
	bool differ = true;

	for (size_t i = 0; i < r->len; i++)
		r->names[i] = xstrdup(r->runs[i].survey.dir_name);
	for (size_t i = 0; i < r->len; i++)
		for (size_t k = 0; k < i; k++)
			differ =
			    differ && strcmp(r->names[i], r->names[k]) != 0;
	for (size_t i = 0; !differ && i < r->len; i++) {
		free(r->names[i]);
		r->names[i] = text_path_text(r->runs[i].dir);
	}
}

static int
read_runs(struct report *r, const struct options *options, struct err *err)
{
	int result = 0;

	for (int i = 0; i < options->argument_count && result == 0; i++) {
		struct run *run = &r->runs[r->len];
		char *dir, *attempt;

		result = base_find(
		    options->arguments[i], NULL, 0, &dir, &attempt, err);
		if (result < 0)
			return result;
		result = run_read(run, dir, err);
		run->attempt = attempt;
		r->list[r->len++] = run;
		free(dir);
	}
	if (result < 0)
		return result;
	name_runs(r);
	for (size_t i = 0; i < r->len; i++)
		figures_read(&r->figures[i], &r->runs[i]);
	for (size_t i = 1; i < r->len; i++)
		result_make(&r->results[i - 1], &r->runs[0], &r->runs[i]);
	return 0;
}

static void
release(struct report *r)
{
	for (size_t i = 0; i < r->len; i++) {
		if (i > 0)
			result_release(&r->results[i - 1]);
		figures_release(&r->figures[i]);
		free(r->names[i]);
	}
	for (size_t i = 0; i < r->len; i++)
		run_release(&r->runs[i]);
	free(r);
}

/* Readers of the file see the old page or the new one. */
static int
write_page(const char *file, const struct buf *out, struct err *err)
{
	char *folder;
	int fd, r;

	if (strcmp(file, TO_STDOUT) == 0) {
		fwrite(out->data, 1, out->len, stdout);
		return 0;
	}
	folder = path_parent(file);
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	r = fd < 0 ? err_errno(err, "%s", folder)
		   : file_replace(fd, path_base(file), out->data, out->len,
			 PAGE_MODE, err);
	if (fd >= 0)
		close(fd);
	free(folder);
	return r < 0 ? err_prefix(err, "%s", file) : 0;
}

static int
make_page(
    const struct report *r, const struct options *options, struct err *err)
{
	const char *records = options->value[OPT_RECORDS];
	const struct page page = {.runs = r->list,
	    .names = r->names,
	    .len = r->len,
	    .figures = r->figures,
	    .results = r->results,
	    .texts = records != NULL && strcmp(records, "text") == 0};
	struct buf out;
	int result;

	buf_init(&out, SIZE_MAX / 2);
	result = page_write(&page, &out, err);
	if (result == 0)
		result = write_page(options->value[OPT_OUTPUT], &out, err);
	buf_release(&out);
	return result;
}

static int
report(const struct options *options)
{
	struct report *r;
	struct err err = ERR_INIT;
	int result;

	if (options->argument_count == 0)
		return command_usage(&command_report, "which directory?");
	if (options->argument_count > PAGE_RUNS_MAX)
		return command_usage(&command_report,
		    "more than %d runs can't be told apart on a page",
		    PAGE_RUNS_MAX);
	if (!options_given(options, OPT_OUTPUT))
		return command_usage(&command_report,
		    "where to? -o FILE (- is standard output)");
	r = xcalloc(1, sizeof *r);
	result = read_runs(r, options, &err);
	if (result == 0)
		result = make_page(r, options, &err);
	release(r);
	return result < 0 ? complain(&err) : STATUS_OK;
}

const struct command command_report = {
    .name = "report",
    .program = PROGRAM_REPORT,
    .usage = "itrack report [option]... -o file dir...",
    .about = "write a page of HTML about runs, to look at and to send",
    .run = report,
};
