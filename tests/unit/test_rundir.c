#include <stdlib.h>
#include <unistd.h>

#include "tap.h"
#include "wrap/worker/search/guess.h"

static const char *root_variable;

static const char *
environment(const char *name, void *data)
{
	(void)data;
	if (strcmp(name, "HOME") == 0)
		return "/home/ana";
	if (strcmp(name, "INSIDELLMS_RUN_ROOT") == 0)
		return root_variable;
	return NULL;
}

/* `line` is split at blanks. */
static void
check(const char *line, const char *dir, const char *root, const char *config)
{
	char copy[512], *argv[32], *at = copy;
	struct rundir_guess g;
	int argc = 0;

	snprintf(copy, sizeof copy, "%s", line);
	while ((argv[argc] = strsep(&at, " ")) != NULL)
		argc++;
	rundir_guess(&g, argc, argv,
	    &(struct guess_from){.cwd = "", .environment = environment});
	if (!(is_text(g.dir, dir, line) & is_text(g.root, root, "  its root") &
		is_text(g.config_path, config, "  its configuration")))
		printf("# %s\n", line);
	rundir_guess_release(&g);
}

/* The results file that the arguments name, from the directory /w. */
static void
check_results(const char *line, const char *results)
{
	char copy[512], *argv[32], *at = copy;
	struct rundir_guess g;
	int argc = 0;

	snprintf(copy, sizeof copy, "%s", line);
	while ((argv[argc] = strsep(&at, " ")) != NULL)
		argc++;
	rundir_guess(&g, argc, argv,
	    &(struct guess_from){.cwd = "/w", .environment = environment});
	is_text(g.results, results, line);
	rundir_guess_release(&g);
}

static void
write_file(const char *name, const char *text)
{
	FILE *f = fopen(name, "w");

	fputs(text, f);
	fclose(f);
}

int
main(void)
{
	char dir[] = "/tmp/itrack-rundir-XXXXXX";

	if (mkdtemp(dir) == NULL || chdir(dir) < 0)
		return 1;
	check("ls -l", NULL, NULL, NULL);
	check("insidellms run e.yaml", NULL, "/home/ana/.insidellms/runs",
	    "e.yaml");
	check("insidellms run e.yaml --run-dir /r/a/../b", "/r/a/../b", NULL,
	    "e.yaml");
	check("insidellms run --run-dir=/r/a e.yaml", "/r/a", NULL, "e.yaml");
	check("insidellms run e.yaml --run-d /r/a --run-dir /r/b", "/r/b", NULL,
	    "e.yaml");
	check("insidellms run e.yaml --run-root /r", NULL, "/r", "e.yaml");
	check("insidellms run e.yaml --run-root /r --run-id x/y", "/r/x/y",
	    NULL, "e.yaml");
	check("insidellms run e.yaml --run-dir ~/r", "/home/ana/r", NULL,
	    "e.yaml");
	check("python3 -m insideLLMs.cli run e.yaml --run-dir /r", "/r", NULL,
	    "e.yaml");
	check("/opt/v/bin/insidellms --quiet run e.json -o results.json", NULL,
	    "/home/ana/.insidellms/runs", "e.json");
	check("insidellms harness h.yaml -o /out", "/out", NULL, "h.yaml");
	check("insidellms harness h.yaml --output-dir=/out", "/out", NULL,
	    "h.yaml");
	check("insidellms harness h.yaml --run-dir /d -o /out", "/d", NULL,
	    "h.yaml");
	check_results("insidellms run e.yaml -o r.json", "/w/r.json");
	check_results("insidellms run e.yaml -or.json", "/w/r.json");
	check_results("insidellms run --output=/a/r.json e.yaml", "/a/r.json");
	check_results("insidellms run e.yaml --out r.json", "/w/r.json");
	check_results("insidellms run e.yaml --overwrite", NULL);
	check_results("insidellms harness e.yaml -o out", NULL);
	check("insidellms report /r/x", NULL, NULL, NULL);
	write_file("c.yaml", "models: []\noutput_dir: \"o ut\"  # here\n");
	check("insidellms harness /etc/../etc/none.yaml", NULL,
	    "/home/ana/.insidellms/runs", "/etc/../etc/none.yaml");
	{
		char line[256], want[256];

		snprintf(
		    line, sizeof line, "insidellms harness %s/c.yaml", dir);
		snprintf(want, sizeof want, "%s/o ut", dir);
		check(line, want, NULL, line + strlen("insidellms harness "));
		write_file("c.json", "{\"output_dir\": \"/abs/o\"}");
		check("insidellms harness c.json", "/abs/o", NULL, "c.json");
		write_file("c.json", "{\"output_dir\": \"/\\ud83d\\ude00\"}");
		check("insidellms harness c.json", "/\xf0\x9f\x98\x80", NULL,
		    "c.json");
		write_file("c.json", "{models: [], 'output_dir': /flow}");
		check("insidellms harness c.json", "/flow", NULL, "c.json");
		write_file(
		    "c.json", "notes: |\n  x\noutput_dir: >-\n  /a\n  b\n");
		check("insidellms harness c.json", "/a b", NULL, "c.json");
		write_file("c.json", "notes: \"a\n\noutput_dir: /no\"\n");
		check("insidellms harness c.json", NULL,
		    "/home/ana/.insidellms/runs", "c.json");
		check("insidellms harness c.yaml --run-root /r", NULL, "/r",
		    "c.yaml");
	}
	root_variable = "/shared";
	check("insidellms run e.yaml", NULL, "/shared", "e.yaml");
	root_variable = "";
	check("insidellms run e.yaml", NULL, "/home/ana/.insidellms/runs",
	    "e.yaml");
	unlink("c.yaml");
	unlink("c.json");
	rmdir(dir);
	return done_testing();
}
