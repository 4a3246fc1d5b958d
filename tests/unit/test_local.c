#include <fcntl.h>
#include <math.h>
#include <time.h>

#include "fake_engine.h"
#include "tracker/common/artifact_copy.h"

extern const struct tracker_ops tracker_local;

static void
has(const char *dir, const char *name, const char *want)
{
	char *got = fake_file(dir, name);

	is_text(got, want, name);
	free(got);
}

static void
names(const char *dir, const char *file, const char *word, bool there)
{
	char *got = fake_file(dir, file);

	ok((strstr(got, word) != NULL) == there, "%s in %s: %d", word, file,
	    there);
	free(got);
}

static void
write_file(const char *path, const char *content, size_t repeat)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0640);

	for (size_t i = 0; i < repeat; i++)
		file_write_all(fd, content, strlen(content), NULL);
	close(fd);
}

static void
test_files(void)
{
	char *tags[] = {(char *)"one", (char *)"z\xc3\xbcrich"};
	struct entry entries[4];
	struct fake f;
	char path[128];

	fake_init(&f, &tracker_local);
	f.start.tags = tags;
	f.start.tag_len = 2;
	ok(fake_open(&f, false) == OUTCOME_DONE, "open");
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	is_text(f.place, path, "place");
	has(path, "metadata.json",
	    "{\n  \"run_id\": \"abc\",\n  \"run_name\": \"abc\",\n"
	    "  \"project\": \"demo\",\n  \"tags\": [\n    \"one\",\n"
	    "    \"z\\u00fcrich\"\n  ],\n  \"notes\": null,\n"
	    "  \"started_at\": \"2025-11-23T09:02:14.008852\"\n}");
	entry_init(&entries[0], ENTRY_PARAMS, 0);
	entries[0].params.experiment = ENTRY_NO_EXPERIMENT;
	entry_add_param_text(&entries[0], "run_dir", "/x");
	entry_add_param_integer(&entries[0], "model_count", 2);
	entry_add_param_null(&entries[0], "dataset_version");
	entries[1] = fake_metrics(0, ENTRY_NO_EXPERIMENT, "total_count", 12);
	entry_add_metric(&entries[1], "rate", 1e-5);
	entry_add_metric(&entries[1], "odd", (double)NAN);
	entry_init(&entries[2], ENTRY_EXPERIMENT, 0);
	entries[2].experiment = (struct entry_experiment){.index = 3,
	    .id = xstrdup("i"),
	    .model_name = xstrdup("M"),
	    .model_provider = xstrdup("P"),
	    .probe_name = xstrdup("Q"),
	    .probe_category = xstrdup("c")};
	entries[3] = fake_metrics(1000000, 3, "total_count", 6);
	ok(fake_send(&f, LANE_METRICS, entries, 4, false, NULL) == OUTCOME_DONE,
	    "send");
	has(path, "metrics.json",
	    "[\n  {\n    \"step\": 0,\n"
	    "    \"timestamp\": \"2025-11-23T09:02:14\",\n"
	    "    \"metrics\": {\n      \"total_count\": 12.0,\n"
	    "      \"rate\": 1e-05,\n      \"odd\": \"NaN\"\n    }\n  },\n"
	    "  {\n    \"step\": 1000000,\n"
	    "    \"timestamp\": \"2025-11-23T09:02:15\",\n"
	    "    \"metrics\": {\n      \"M/Q/total_count\": 6.0\n"
	    "    }\n  }\n]");
	has(path, "params.json",
	    "{\n  \"run_id\": \"abc\",\n  \"run_dir\": \"/x\",\n"
	    "  \"model_count\": 2,\n  \"dataset_version\": null\n}");
	has(path, "final_state.json", "");
	ok(fake_finish(&f, RUN_KILLED, 12) == OUTCOME_DONE, "finish");
	has(path, "final_state.json",
	    "{\n  \"status\": \"killed\",\n"
	    "  \"ended_at\": \"2025-11-23T09:02:15\",\n"
	    "  \"total_steps\": 12,\n  \"metrics_count\": 2\n}");
	has(path, "artifacts.json", "[]");
	for (int i = 0; i < 4; i++)
		entry_release(&entries[i]);
	fake_release(&f);
}

static int
temporary_files(const char *dir)
{
	char command[192];
	FILE *list;
	int count = -1;

	snprintf(
	    command, sizeof(command), "find %s -name '.*.tmp' | wc -l", dir);
	list = popen(command, "r");
	if (list == NULL || fscanf(list, "%d", &count) != 1)
		count = -1;
	if (list != NULL)
		pclose(list);
	return count;
}

/* What is written at most once a second is there at once for a record behind a
 * sample, but not for one behind a record. */
static void
test_sample(void)
{
	static const char *const metrics[] = {
	    "system/cpu", "total_count", "late"};
	struct entry entries[3];
	struct fake f;
	char path[128];

	fake_init(&f, &tracker_local);
	fake_open(&f, false);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	for (uint64_t i = 0; i < 3; i++)
		entries[i] =
		    fake_metrics(i, ENTRY_NO_EXPERIMENT, metrics[i], (double)i);
	entries[0].metrics.sample = 1;
	fake_send(&f, LANE_METRICS, entries, 1, false, NULL);
	names(path, "metrics.json", "system/cpu", true);
	fake_send(&f, LANE_METRICS, entries + 1, 1, false, NULL);
	names(path, "metrics.json", "total_count", true);
	fake_send(&f, LANE_METRICS, entries + 2, 1, false, NULL);
	names(path, "metrics.json", "late", false);
	fake_finish(&f, RUN_FINISHED, 1);
	names(path, "metrics.json", "late", true);
	for (int i = 0; i < 3; i++)
		entry_release(&entries[i]);
	fake_release(&f);
}

static void
test_long(void)
{
	struct fake f;
	char path[128], *text;
	size_t got = 0;

	fake_init(&f, &tracker_local);
	fake_open(&f, false);
	for (int i = 0; i < 3000; i++) {
		struct entry e =
		    fake_metrics(i, ENTRY_NO_EXPERIMENT, "value", i);

		fake_send(&f, LANE_METRICS, &e, 1, false, NULL);
		entry_release(&e);
	}
	ok(fake_finish(&f, RUN_FINISHED, 3000) == OUTCOME_DONE, "finish");
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	text = fake_file(path, "metrics.json");
	for (const char *p = text; (p = strstr(p, "\"step\"")) != NULL; p++)
		got++;
	is_int((long long)got, 3000, "every element once");
	ok(strncmp(text, "[\n  {", 5) == 0 &&
		strcmp(text + strlen(text) - 6, "\n  }\n]") == 0,
	    "a whole array");
	free(text);
	is_int(temporary_files(path), 0, "no temporary file stays");
	fake_release(&f);
}

static void
test_taken(void)
{
	struct fake f;
	char path[128], again[4096];
	struct entry e = fake_metrics(1, ENTRY_NO_EXPERIMENT, "a", 1);

	fake_init(&f, &tracker_local);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	file_make_dirs(path, 0777, NULL);
	fake_open(&f, false);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc-2", f.root);
	is_text(f.place, path, "a taken name gets a number");
	fake_send(&f, LANE_METRICS, &e, 1, false, NULL);
	snprintf(again, sizeof(again), "%s", f.place);
	fake_restart(&f, &tracker_local);
	ok(fake_open(&f, true) == OUTCOME_DONE, "opened again");
	is_text(f.place, again, "the same attempt returns to its directory");
	fake_send(&f, LANE_METRICS, &e, 1, true, NULL);
	fake_finish(&f, RUN_FINISHED, 1);
	has(path, "metrics.json",
	    "[\n  {\n    \"step\": 1,\n"
	    "    \"timestamp\": \"2025-11-23T09:02:14.000001\",\n"
	    "    \"metrics\": {\n      \"a\": 1.0\n    }\n  }\n]");
	fake_forget(&f);
	fake_restart(&f, &tracker_local);
	fake_open(&f, false);
	is_text(f.place, path, "also where its cursor is lost");
	fake_forget(&f);
	f.start.attempt = (char *)"20261123T130842Z-000000000000";
	fake_restart(&f, &tracker_local);
	fake_open(&f, false);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc-3", f.root);
	is_text(f.place, path, "that of another attempt is never taken over");
	entry_release(&e);
	fake_release(&f);
}

static void
test_hostile(void)
{
	struct fake f;
	char path[128];

	fake_init(&f, &tracker_local);
	f.run.run_id = "../../x/y";
	f.start.project = (char *)"..";
	ok(fake_open(&f, false) == OUTCOME_DONE, "open");
	snprintf(path, sizeof(path), "%s/tracking/", f.root);
	ok(strncmp(f.place, path, strlen(path)) == 0 &&
		strstr(f.place, "/../") == NULL,
	    "no name leads out: %s", f.place + strlen(path));
	fake_release(&f);
}

static void
test_artifacts(void)
{
	struct fake f;
	struct entry e;
	struct stat st, copy;
	char path[128], dir[128], *want;
	size_t done;

	fake_init(&f, &tracker_local);
	fake_open(&f, false);
	snprintf(dir, sizeof(dir), "%s/tracking/demo/abc", f.root);
	snprintf(path, sizeof(path), "%s/big", f.run_dir);
	write_file(path, "0123456789abcdef\n", 3 * 1024 * 1024);
	e = fake_artifact("../big", path);
	ok(fake_send(&f, LANE_FILES, &e, 1, false, NULL) == OUTCOME_DONE,
	    "a large file is copied in pieces");
	ok(f.answered, "and answered late");
	stat(path, &st);
	want = xasprintf("%s/artifacts/%s/big", dir, "%2E.");
	ok(stat(want, &copy) == 0 && copy.st_size == st.st_size &&
		copy.st_mode == st.st_mode &&
		copy.st_mtim.tv_nsec == st.st_mtim.tv_nsec &&
		copy.st_mtim.tv_sec == st.st_mtim.tv_sec,
	    "size, mode and time of the copy");
	free(want);
	e.artifact.size--;
	ok(fake_send(&f, LANE_FILES, &e, 1, false, &done) == OUTCOME_REJECTED &&
		done == 0 && strstr(f.err.message, "changed") != NULL,
	    "changed since: %s", f.err.message + strlen(f.root));
	entry_release(&e);
	snprintf(path, sizeof(path), "%s/link", f.run_dir);
	if (symlink("/etc/passwd", path) == 0)
		e = fake_artifact("link", path);
	ok(fake_send(&f, LANE_FILES, &e, 1, false, NULL) == OUTCOME_REJECTED,
	    "a symbolic link is not followed: %s",
	    f.err.message + strlen(f.root));
	entry_release(&e);
	snprintf(path, sizeof(path), "%s/fifo", f.run_dir);
	mkfifo(path, 0600);
	e = fake_artifact("fifo", path);
	ok(fake_send(&f, LANE_FILES, &e, 1, false, NULL) == OUTCOME_REJECTED,
	    "a FIFO is not opened");
	entry_release(&e);
	entry_init(&e, ENTRY_TABLE, 0);
	ok(fake_send(&f, LANE_FILES, &e, 1, true, NULL) == OUTCOME_DONE &&
		f.note_len == 1,
	    "a table is taken with a note");
	fake_finish(&f, RUN_FINISHED, 0);
	want = xasprintf("[\n  {\n    \"name\": \"../big\",\n"
			 "    \"type\": \"file\",\n"
			 "    \"path\": \"%s/artifacts/%%2E./big\",\n"
			 "    \"original_path\": \"%s/big\"\n  }\n]",
	    dir, f.run_dir);
	has(dir, "artifacts.json", want);
	free(want);
	fake_release(&f);
}

static void
test_gone(void)
{
	struct entry e = fake_metrics(1, ENTRY_NO_EXPERIMENT, "a", 1);
	struct fake f;
	char *command;

	fake_init(&f, &tracker_local);
	fake_open(&f, false);
	command = xasprintf("rm -r '%s'", f.place);
	ok(system(command) == 0, "%s", "the directory is removed");
	free(command);
	ok(fake_send(&f, LANE_METRICS, &e, 1, false, NULL) == OUTCOME_BLOCKED,
	    "blocked: %s", f.err.message);
	fake_restart(&f, &tracker_local);
	ok(fake_open(&f, true) == OUTCOME_DONE &&
		fake_send(&f, LANE_METRICS, &e, 1, true, NULL) ==
		    OUTCOME_DONE &&
		fake_finish(&f, RUN_FINISHED, 1) == OUTCOME_DONE,
	    "made again by the next process");
	entry_release(&e);
	fake_release(&f);
}

/* No part is lost or cut: a way that is too long is one name. */
static void
test_long_names(void)
{
	static char name[6001];
	char *first, *second;

	for (size_t i = 0; i < sizeof name - 1; i++)
		name[i] = i % 100 == 99 ? '/' : 'd';
	name[sizeof name - 2] = 'a';
	first = local_copy_name(name);
	name[sizeof name - 2] = 'b';
	second = local_copy_name(name);
	ok(strchr(first, '/') == NULL && strlen(first) <= 200,
	    "a way of 6000 bytes is one name");
	ok(strcmp(first, second) != 0, "another one for another way");
	free(first);
	free(second);
	name[499] = '\0';
	first = local_copy_name(name);
	is_text(first, name, "a shorter one stays");
	free(first);
}

/* What a kill can leave is removed by its own name, others are left alone; what
 * had our names before is in nobody's way. */
static void
test_left(void)
{
	struct entry e = fake_metrics(1, ENTRY_NO_EXPERIMENT, "a", 1);
	struct entry file;
	struct fake f;
	char path[128], name[256], source[128];
	const char *word;

	fake_init(&f, &tracker_local);
	f.start.attempt = (char *)"20261123T130842Z-4f8a1c0d9e2b";
	fake_open(&f, false);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	word = strrchr(f.start.attempt, '-') + 1;
	fake_restart(&f, &tracker_local);
	snprintf(name, sizeof(name), "%s/artifacts", path);
	mkdir(name, 0777);
	for (int i = 0; i < 2; i++) {
		const char *of = i == 0 ? word : "abcdefghijkl";

		snprintf(
		    name, sizeof(name), "%s/.metrics.json.%s.tmp", path, of);
		write_file(name, "left", 1);
		snprintf(
		    name, sizeof(name), "%s/.params.json.%s.tmp", path, of);
		write_file(name, "left", 1);
		snprintf(name, sizeof(name), "%s/artifacts/.itrack-copy.%s.tmp",
		    path, of);
		write_file(name, "left", 1);
	}
	snprintf(name, sizeof(name), "%s/.metrics.json.tmp", path);
	mkfifo(name, 0600);
	snprintf(name, sizeof(name), "%s/artifacts/.itrack-copy.tmp", path);
	mkfifo(name, 0600);
	snprintf(source, sizeof(source), "%s/source", f.root);
	write_file(source, "x", 1);
	file = fake_artifact("source", source);
	fake_open(&f, true);
	ok(fake_send(&f, LANE_METRICS, &e, 1, true, NULL) == OUTCOME_DONE &&
		fake_send(&f, LANE_FILES, &file, 1, true, NULL) ==
		    OUTCOME_DONE &&
		fake_finish(&f, RUN_FINISHED, 1) == OUTCOME_DONE,
	    "goes on");
	is_int(temporary_files(path), 5,
	    "ours are removed, those of others and FIFOs are not");
	has(path, "artifacts/source", "x");
	entry_release(&e);
	entry_release(&file);
	fake_release(&f);
}

/* Something that is not ours where a file or a folder of the run should be. */
static void
test_in_the_way(void)
{
	struct entry e = fake_metrics(1, ENTRY_NO_EXPERIMENT, "a", 1);
	struct fake f;
	char path[128], name[256], far[128];

	fake_init(&f, &tracker_local);
	fake_open(&f, false);
	snprintf(path, sizeof(path), "%s/tracking/demo/abc", f.root);
	snprintf(far, sizeof(far), "%s/far", f.root);
	write_file(far, "precious", 1);
	snprintf(name, sizeof(name), "%s/params.json", path);
	ok(symlink(far, name) == 0, "a link for params.json");
	fake_send(&f, LANE_METRICS, &e, 1, true, NULL);
	ok(fake_finish(&f, RUN_FINISHED, 1) == OUTCOME_BLOCKED &&
		strstr(f.err.message, "params.json") != NULL,
	    "blocked, by name: %s", f.err.message);
	has(f.root, "far", "precious");
	fake_restart(&f, &tracker_local);
	snprintf(name, sizeof(name), "%s.old", path);
	ok(rename(path, name) == 0 && mkdir(path, 0777) == 0,
	    "another folder of that name");
	ok(fake_open(&f, true) == OUTCOME_BLOCKED &&
		strstr(f.err.message, path) != NULL,
	    "blocked, by name: %s", f.err.message);
	has(path, "metadata.json", "");
	ok(rmdir(path) == 0 && symlink(name, path) == 0, "a link");
	fake_restart(&f, &tracker_local);
	ok(fake_open(&f, true) == OUTCOME_BLOCKED, "blocked, too");
	ok(unlink(path) == 0, "the link is gone");
	fake_restart(&f, &tracker_local);
	ok(fake_open(&f, true) == OUTCOME_DONE, "made anew where nothing is");
	entry_release(&e);
	fake_release(&f);
}

int
main(void)
{
	umask(022);
	setenv("TZ", "UTC", 1);
	tzset();
	test_files();
	test_sample();
	test_long();
	test_taken();
	test_hostile();
	test_artifacts();
	test_long_names();
	test_gone();
	test_left();
	test_in_the_way();
	return done_testing();
}
