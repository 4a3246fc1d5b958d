/* The pure parts of the W&B tracker: rows and summary, the artifact's manifest,
 * the working directory's commit, the log file on the disk. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "format/jsonwrite.h"
#include "base/git.h"
#include "tracker/wandb/log_file.h"
#include "tracker/wandb/manifest.h"
#include "tracker/wandb/rows.h"

#include "tap.h"

#define TEXT_MAX 100000

static void
add_json(struct buf *out, const struct wandb_values *values)
{
	struct jsonwrite w;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	wandb_values_write(values, &w);
	jsonwrite_close(&w, '}');
	buf_addc(out, '\n');
}

static void
keep_row(const struct wandb_rows *rows, void *data)
{
	add_json(data, &rows->row);
}

static void
put_metric(
    struct wandb_rows *rows, int64_t step, const char *name, double value)
{
	struct entry e;

	entry_init(&e, ENTRY_METRICS, 1000000 * step + 500000);
	e.metrics.step = step;
	entry_add_metric(&e, name, value);
	wandb_rows_take(rows, "", &e, false);
	entry_release(&e);
}

static void
test_rows(void)
{
	struct wandb_rows rows;
	struct buf out;

	buf_init(&out, TEXT_MAX);
	wandb_rows_init(&rows, 0, keep_row, &out);
	put_metric(&rows, 1, "a", 1);
	put_metric(&rows, 1, "b", 2);
	put_metric(&rows, 1, "a", 3);
	is_text(out.data, "", "a row stays open while its step stands");
	put_metric(&rows, 4, "a", 0.0 / 0.0);
	is_text(out.data,
	    "{\"a\":3.0,\"b\":2.0,\"_step\":1,\"_timestamp\":1.5,"
	    "\"_runtime\":1.5}\n",
	    "one row of all values of a step");
	ok(!rows.stepped_back, "a gap is no step back");
	buf_reset(&out);
	put_metric(&rows, 2, "a", 5);
	put_metric(&rows, 2, "c", 6);
	is_text(out.data,
	    "{\"a\":\"NaN\",\"_step\":4,\"_timestamp\":4.5,"
	    "\"_runtime\":4.5}\n",
	    "NaN is quoted");
	buf_reset(&out);
	wandb_rows_close(&rows);
	wandb_rows_close(&rows);
	is_text(out.data,
	    "{\"a\":5.0,\"c\":6.0,\"_step\":5,\"_timestamp\":2.5,"
	    "\"_runtime\":2.5}\n",
	    "a step back gets the next free step");
	ok(rows.stepped_back, "which is known");
	buf_reset(&out);
	add_json(&out, &rows.summary);
	is_text(out.data,
	    "{\"a\":5.0,\"b\":2.0,\"_step\":5,\"_timestamp\":2.5,"
	    "\"_runtime\":2.5,\"c\":6.0}\n",
	    "the summary has the last of each");
	wandb_rows_release(&rows);
	buf_release(&out);
}

static void
test_own_names(void)
{
	struct wandb_rows rows;
	struct buf out;

	buf_init(&out, TEXT_MAX);
	wandb_rows_init(&rows, 0, keep_row, &out);
	put_metric(&rows, 1, "_steps", 1);
	ok(!rows.renamed, "other names stay");
	put_metric(&rows, 1, "_step", 7);
	put_metric(&rows, 1, "_step_", 8);
	put_metric(&rows, 1, "_wandb", 9);
	wandb_rows_close(&rows);
	is_text(out.data,
	    "{\"_steps\":1.0,\"_step_\":7.0,\"_step__\":8.0,"
	    "\"_wandb_\":9.0,\"_step\":1,\"_timestamp\":1.5,"
	    "\"_runtime\":1.5}\n",
	    "W&B's own names are W&B's, and nothing is lost");
	ok(rows.renamed, "which is said");
	wandb_rows_release(&rows);
	buf_release(&out);
}

static void
test_histogram(void)
{
	double limits[2000], counts[2000] = {0};
	struct entry e = {.kind = ENTRY_HISTOGRAM,
	    .histogram = {.name = (char *)"h",
		.step = 0,
		.min = 1,
		.max = 3.5,
		.limits = limits,
		.counts = counts}};
	struct wandb_rows rows;
	struct buf out;
	const char *at;
	size_t i, commas = 0;

	for (i = 0; i < 2000; i++)
		limits[i] = (double)i;
	buf_init(&out, TEXT_MAX);
	wandb_rows_init(&rows, 0, keep_row, &out);
	e.histogram.len = 6;
	wandb_rows_take(&rows, "p/", &e, false);
	ok(!rows.open, "an empty histogram is none");
	counts[2] = 7;
	counts[3] = 0;
	counts[4] = 2;
	wandb_rows_take(&rows, "p/", &e, false);
	wandb_rows_close(&rows);
	ok(strstr(out.data,
	       "{\"p/h\":{\"_type\":\"histogram\","
	       "\"values\":[7.0,0.0,2.0],\"bins\":[1.0,2.0,3.0,3.5]}") != NULL,
	    "one edge more than values, empty ends cut off");
	buf_reset(&out);
	e.histogram.len = 2000;
	for (i = 0; i < 2000; i++)
		counts[i] = 1;
	wandb_rows_take(&rows, "", &e, false);
	wandb_rows_close(&rows);
	at = strstr(out.data, "\"bins\"");
	for (i = 0; out.data + i < at; i++)
		commas += out.data[i] == ',';
	ok(commas > 400 && commas <= 512, "as many values as W&B shows");
	wandb_rows_release(&rows);
	buf_release(&out);
}

/* The digests are those that the SDK computed for the same files. */
static void
test_manifest(void)
{
	struct wandb_manifest m = {0};
	char hex[WANDB_MD5_HEX], id[WANDB_CLIENT_ID_SIZE],
	    again[WANDB_CLIENT_ID_SIZE];
	struct buf out;

	buf_init(&out, TEXT_MAX);
	wandb_manifest_add(
	    &m, "manifest.json", "xdNjALEpsWVlsrMrPTCqBA==", 1506);
	wandb_manifest_digest(&m, hex);
	is_text(hex, "d5f93d08553f1c7b7dec42b2e3151eb7", "one file");
	wandb_manifest_add(&m, "b", "xxxxxxxxxxxxxxxxxxxxxx==", 1);
	wandb_manifest_add(&m, "B", "yyyyyyyyyyyyyyyyyyyyyy==", 2);
	wandb_manifest_add(&m, "b", "zzzzzzzzzzzzzzzzzzzzzz==", 3);
	ok(m.len == 3 && strcmp(m.files[0].name, "B") == 0 &&
		strcmp(m.files[1].name, "b") == 0 && m.files[1].size == 3,
	    "sorted by bytes, each name once");
	wandb_manifest_json(&m, &out);
	ok(strstr(out.data,
	       "\"contents\":{\"B\":{\"digest\":\"yyyyyyyyyyyyyyyyyyyyyy==\","
	       "\"size\":2},"
	       "\"b\":{\"digest\":\"zzzzzzzzzzzzzzzzzzzzzz==\",\"size\":3},") !=
		NULL,
	    "the manifest");
	wandb_manifest_release(&m);
	wandb_client_id(id, "attempt", "version");
	wandb_client_id(again, "attempt", "version");
	ok(strlen(id) == 128 && strcmp(id, again) == 0,
	    "a client ID is the same each time");
	wandb_client_id(again, "attempt", "sequence");
	ok(strcmp(id, again) != 0, "and another for another purpose");
	buf_reset(&out);
	wandb_run_artifact_name(&out, "a/b c\xc3\xa9.d");
	is_text(
	    out.data, "insidellms-a_b_c__.d-ea3213aa", "a name that W&B takes");
	buf_reset(&out);
	wandb_run_artifact_name(&out, "a_b_c__.d");
	is_text(out.data, "insidellms-a_b_c__.d", "a good name stays");
	buf_reset(&out);
	wandb_run_artifact_name(&out, "a_b_c__.d-ea3213aa");
	ok(strcmp(out.data, "insidellms-a_b_c__.d-ea3213aa") != 0,
	    "and is no other run's");
	buf_release(&out);
}

static void
write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || file_write_all(fd, text, strlen(text), NULL) < 0)
		die("%s", path);
	close(fd);
}

#define COMMIT_A "0123456789012345678901234567890123456789"
#define COMMIT_B "abcdefabcdefabcdefabcdefabcdefabcdefabcd"

static void
is_git(const char *directory, const char *want_remote, const char *want_commit,
    const char *name)
{
	char *remote = git_remote(directory), *commit = git_commit(directory);

	is_text(commit, want_commit, name);
	is_text(remote, want_remote, "its remote");
	free(remote);
	free(commit);
}

static void
test_git(void)
{
	char *here = getcwd(NULL, 0), *sub = xasprintf("%s/a/b", here), *head;

	mkdir("a", 0700);
	mkdir("a/b", 0700);
	mkdir("a/.git", 0700);
	mkdir("a/.git/refs", 0700);
	is_git(sub, NULL, NULL, "an empty .git");
	write_file("a/.git/HEAD", "ref: refs/main\n");
	write_file("a/.git/config",
	    "[remote \"other\"]\n\turl = x\n[remote \"origin\"]\n"
	    "\turl = https://user:token@host.example/r.git\n");
	is_git(sub, "https://host.example/r.git", NULL, "no commit yet");
	write_file("a/.git/packed-refs",
	    "# pack-refs\n" COMMIT_B " refs/main2\n" COMMIT_A " refs/main\n");
	is_git(sub, "https://host.example/r.git", COMMIT_A, "a packed ref");
	write_file("a/.git/refs/main", COMMIT_B "\n");
	is_git(sub, "https://host.example/r.git", COMMIT_B, "a loose ref");
	write_file("a/.git/HEAD", COMMIT_A "\n");
	is_git(sub, "https://host.example/r.git", COMMIT_A, "a detached head");
	write_file("a/.git/HEAD", "ref: ../../../etc/passwd\n");
	is_git(sub, "https://host.example/r.git", NULL, "no way out");
	write_file("outside", COMMIT_A "\n");
	head = xasprintf("ref: %s/outside\n", here);
	write_file("a/.git/HEAD", head);
	is_git(sub, "https://host.example/r.git", NULL, "nor by a whole path");
	write_file("a/.git/HEAD", COMMIT_A " and more\n");
	is_git(sub, "https://host.example/r.git", COMMIT_A, "the digits alone");
	write_file("a/b/.git", "gitdir: ../.git\n");
	write_file("a/.git/HEAD", COMMIT_A "\n");
	is_git(sub, "https://host.example/r.git", COMMIT_A, "a .git file");
	free(head);
	free(sub);
	free(here);
}

static void
put_records(struct wandb_log *log, int from, int to)
{
	int i;

	for (i = from; i < to; i++) {
		buf_addf(&log->record, "record number %d", i);
		wandb_log_add(log);
		wandb_log_flush(log, NULL);
	}
}

static void
is_same(const struct buf *want, const char *name)
{
	struct buf got;

	buf_init(&got, TEXT_MAX);
	file_read_all(AT_FDCWD, "log", &got, NULL);
	ok(got.len == want->len && memcmp(got.data, want->data, got.len) == 0,
	    "%s", name);
	buf_release(&got);
}

static void
test_log(void)
{
	struct wandb_log log;
	struct buf want;
	size_t cut;
	bool good = true;

	buf_init(&want, TEXT_MAX);
	wandb_log_open(&log, AT_FDCWD, "log", NULL);
	put_records(&log, 0, 20);
	wandb_log_close(&log);
	file_read_all(AT_FDCWD, "log", &want, NULL);
	for (cut = 0; cut < want.len; cut += 3) {
		struct buf got;

		if (truncate("log", (off_t)cut) < 0)
			die("truncate");
		wandb_log_open(&log, AT_FDCWD, "log", NULL);
		put_records(&log, 0, 20);
		wandb_log_close(&log);
		buf_init(&got, TEXT_MAX);
		file_read_all(AT_FDCWD, "log", &got, NULL);
		good = good && got.len == want.len &&
		    memcmp(got.data, want.data, got.len) == 0;
		buf_release(&got);
	}
	ok(good, "cut anywhere, it is the same when written again");
	wandb_log_open(&log, AT_FDCWD, "log", NULL);
	put_records(&log, 0, 5);
	is_same(&want, "what stands there is not touched");
	wandb_log_close(&log);
	write_file("log", "something else that is there");
	wandb_log_open(&log, AT_FDCWD, "log", NULL);
	put_records(&log, 0, 20);
	wandb_log_close(&log);
	is_same(&want, "other bytes are replaced");
	buf_release(&want);
}

int
main(void)
{
	char folder[] = "/tmp/test_wandb.XXXXXX", *command;
	int status;

	if (mkdtemp(folder) == NULL || chdir(folder) < 0)
		die("no folder");
	test_rows();
	test_own_names();
	test_histogram();
	test_manifest();
	test_git();
	test_log();
	command = xasprintf("rm -r %s", folder);
	status = system(command);
	free(command);
	return status != 0 ? 1 : done_testing();
}
