/* The library as its users have it, with the local tracker and its worker. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "itrack.h"
#include "tap.h"

static char top[] = "/tmp/test-itrack-XXXXXX";

/* A small file of the run, whole; "" if it is not there. */
static const char *
content(const char *run, const char *name)
{
	static char text[65536];
	char path[512];
	FILE *f;
	size_t n = 0;

	snprintf(path, sizeof path, "experiments/insideLLMs/%s/%s", run, name);
	f = fopen(path, "r");
	if (f != NULL) {
		n = fread(text, 1, sizeof text - 1, f);
		fclose(f);
	}
	text[n] = '\0';
	return text;
}

static bool
has(const char *run, const char *name, const char *part)
{
	const char *text = content(run, name);

	if (strstr(text, part) != NULL)
		return true;
	printf("# %s/%s has no %s:\n# %.300s\n", run, name, part, text);
	return false;
}

static bool
says(const struct itrack_error *err, const char *part)
{
	if (strstr(err->message, part) != NULL)
		return true;
	printf("# the message is: %s\n", err->message);
	return false;
}

static struct itrack_tracker *
local(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = NULL;

	if (itrack_create_tracker(&t, "local", NULL, NULL, 0, &err) < 0)
		printf("# create: %s\n", err.message);
	return t;
}

static void
test_run(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_metric m[] = {{"accuracy", 0.93}, {"loss", NAN},
	    {"accuracy", 0.5}, {"bad \xff", 1e-5}};
	struct itrack_param p[] = {{"model", {ITRACK_TEXT, {.text = "gpt-4"}}},
	    {"n", {ITRACK_INTEGER, {.integer = -7}}},
	    {"lr", {ITRACK_DOUBLE, {.number = 1e-5}}},
	    {"on", {ITRACK_BOOL, {.boolean = true}}},
	    {"none", {ITRACK_NULL, {0}}}};
	struct itrack_tracker *t = local();
	FILE *f = fopen("results.json", "w");

	fputs("{}", f);
	fclose(f);
	is_int(itrack_start_run(t, "one", NULL, 0, &err), 0, "start_run");
	is_text(itrack_run_id(t), "one", "its ID is its name");
	is_int(access("experiments/insideLLMs/one", F_OK), 0,
	    "its directory is there at once");
	is_int(
	    itrack_log_metrics(t, m, 4, ITRACK_STEP_AUTO, &err), 0, "metrics");
	is_int(itrack_log_metrics(t, m, 1, 7, &err), 0, "metrics at a step");
	is_int(itrack_log_params(t, p, 5, &err), 0, "params");
	is_int(itrack_log_artifact(t, "results.json", NULL, NULL, &err), 0,
	    "an artifact");
	if (!ok(itrack_end_run(t, "finished", &err) == 0, "end_run"))
		printf("# %s\n", err.message);
	ok(has("one", "metadata.json", "\"run_name\": \"one\""), "metadata");
	ok(has("one", "metrics.json",
	       "\"accuracy\": 0.5,\n      \"loss\": \"NaN\",\n      "
	       "\"bad \\ufffd\": 1e-05"),
	    "the last of two equal names stands in the first's place");
	ok(has("one", "metrics.json", "\"step\": 7"), "the given step");
	is_text(content("one", "params.json"),
	    "{\n  \"model\": \"gpt-4\",\n  \"n\": -7,\n  \"lr\": 1e-05,\n"
	    "  \"on\": true,\n  \"none\": null\n}",
	    "params as LocalFileTracker writes them, and no more");
	ok(has("one", "artifacts.json", "\"name\": \"results.json\""),
	    "the artifact is listed");
	is_text(content("one", "artifacts/results.json"), "{}", "and copied");
	ok(has("one", "final_state.json", "\"status\": \"finished\""),
	    "the end");
	ok(has("one", "final_state.json", "\"total_steps\": 1"),
	    "a given step does not count");
	ok(has("one", "final_state.json", "\"metrics_count\": 2"), "two calls");
	is_int(itrack_end_run(t, "finished", &err), 0, "end_run twice");
	itrack_free(t);
}

/* Too few descriptors stand for a disk that fails. */
static void
test_unseen(struct itrack_tracker *t)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct rlimit before, none;
	int listed, loaded;
	size_t count;
	char **runs, *json;

	getrlimit(RLIMIT_NOFILE, &before);
	none = (struct rlimit){.rlim_cur = 3, .rlim_max = before.rlim_max};
	setrlimit(RLIMIT_NOFILE, &none);
	listed = itrack_list_runs(t, &runs, &count, &err);
	loaded = itrack_load_run(t, "one", &json, &err);
	setrlimit(RLIMIT_NOFILE, &before);
	is_int(listed, -EMFILE, "runs that can't be listed are not none");
	is_int(loaded, -EMFILE, "nor is one that can't be opened not there");
}

static void
test_names(void)
{
	struct itrack_config config = ITRACK_CONFIG_INIT;
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = local();
	char **runs, *json;
	size_t count;

	is_int(itrack_start_run(t, "one", NULL, 0, &err), 0, "the same again");
	is_text(itrack_run_id(t), "one-2", "never overwrites");
	is_int(itrack_start_run(t, "a", "../b/c", 0, &err), 0, "an active one");
	ok(has("one-2", "final_state.json", "finished"), "ends as finished");
	is_text(itrack_run_id(t), "../b/c", "the ID is as it was given");
	ok(has("..%2Fb%2Fc", "metadata.json", "\"../b/c\""),
	    "but leads out of no directory");
	is_int(itrack_start_run(t, "inner", NULL, ITRACK_NESTED, &err), 0,
	    "a run in a run");
	is_int(itrack_end_run(t, "failed", &err), 0, "the inner one ends");
	ok(has("inner", "final_state.json", "failed"), "as failed");
	is_int(itrack_log_metrics(t, NULL, 0, ITRACK_STEP_AUTO, &err), 0,
	    "the outer one goes on");
	is_int(itrack_end_run(t, "killed", &err), 0, "and ends");
	is_int(itrack_list_runs(t, &runs, &count, &err), 0, "list_runs");
	is_int((long long)count, 4, "four runs");
	is_text(runs[0], "../b/c", "sorted");
	itrack_free_list(runs, count);
	is_int(itrack_load_run(t, "one", &json, &err), 0, "load_run");
	ok(strstr(json, "{\"metadata\":{") == json &&
		strstr(json, "\"final_state\":{") != NULL,
	    "the documents");
	itrack_free_text(json);
	is_int(itrack_load_run(t, "none", &json, &err), -ENOENT, "no such run");
	ok(says(&err, "Run not found: none"), "says so");
	is_int(itrack_load_run(t, "../insideLLMs", &json, &err), -ENOENT,
	    "no way out by load_run");
	test_unseen(t);
	itrack_free(t);
	config.experiment_name = "exp";
	config.project = "p/q";
	is_int(itrack_create_tracker(&t, "local", &config, NULL, 0, &err), 0,
	    "with a config");
	is_int(itrack_start_run(t, NULL, NULL, 0, &err), 0, "no name");
	is_text(itrack_run_id(t), "exp", "experiment_name is the name");
	is_int(access("experiments/p%2Fq/exp", F_OK), 0, "the project");
	itrack_end_run(t, "finished", &err);
	itrack_free(t);
	t = local();
	itrack_start_run(t, NULL, NULL, 0, &err);
	ok(itrack_run_id(t)[8] == '_' && strlen(itrack_run_id(t)) == 15,
	    "else the time: %s", itrack_run_id(t));
	itrack_end_run(t, "finished", &err);
	itrack_free(t);
}

static void
test_result(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_experiment_result r = {.size = sizeof r,
	    .experiment_id = "e1",
	    .model_name = "m",
	    .model_provider = "p",
	    .probe_name = "logic",
	    .probe_category = "custom",
	    .success_rate = 0.75,
	    .total_count = 4,
	    .success_count = 3,
	    .error_count = 1,
	    .duration_seconds = 1.5,
	    .has_score = true,
	    .accuracy = 0.5,
	    .precision = NAN,
	    .recall = NAN,
	    .f1_score = NAN,
	    .mean_latency_ms = NAN,
	    .total_tokens = 12,
	    .error_rate = 0};
	struct itrack_tracker *t = local();

	itrack_start_run(t, "result", NULL, 0, &err);
	is_int(itrack_log_experiment_result(t, &r, "x_", &err), 0, "a result");
	itrack_end_run(t, "finished", &err);
	ok(has("result", "metrics.json",
	       "\"x_success_rate\": 0.75,\n      \"x_total_count\": 4.0,\n"
	       "      \"x_success_count\": 3.0,\n      \"x_error_count\": 1.0,"
	       "\n      \"x_accuracy\": 0.5,\n      \"x_total_tokens\": 12.0,"
	       "\n      \"x_error_rate\": 0.0,\n"
	       "      \"x_duration_seconds\": 1.5"),
	    "insideLLMs' names and order, prefixed");
	ok(has("result", "params.json",
	       "\"x_experiment_id\": \"e1\",\n  \"x_model_name\": \"m\""),
	    "its params");
	itrack_free(t);
}

static int
work(struct itrack_results *results, void *context)
{
	itrack_add_result(results, "score", 2);
	itrack_add_result(results, "score", 3);
	return *(int *)context;
}

static void
test_auto(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = local();
	int good = 0, bad = 42;

	is_int(itrack_auto_track(t, "good", work, &good, &err), 0, "auto");
	ok(has("good", "metrics.json", "\"score\": 3.0"), "its numbers");
	is_int(itrack_auto_track(t, "bad", work, &bad, &err), 42, "a failure");
	ok(has("bad", "final_state.json", "\"status\": \"failed\""), "failed");
	is_text(content("bad", "metrics.json"), "[]", "and no numbers");
	itrack_free(t);
}

static void
test_multi(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_option dir = {"log_dir", "tb"};
	struct itrack_tracker *t[2], *multi = NULL;
	struct itrack_metric m = {"x", 1};
	double values[] = {1, 2, 3};

	t[0] = local();
	is_int(itrack_create_tracker(&t[1], "tensorboard", NULL, &dir, 1, &err),
	    0, "TensorBoard");
	is_int(itrack_multi(&multi, t, 2, &err), 0, "both at once");
	is_int(itrack_start_run(multi, "both", NULL, 0, &err), 0, "start");
	is_int(
	    itrack_log_metrics(multi, &m, 1, ITRACK_STEP_AUTO, &err), 0, "log");
	is_int(
	    itrack_log_histogram(multi, "h", values, 3, ITRACK_STEP_AUTO, &err),
	    -ENOTSUP, "local has no histograms");
	ok(says(&err, "local has no place for histograms"), "says so");
	is_int(itrack_end_run(multi, "finished", &err), 0, "end");
	ok(has("both", "metrics.json", "\"x\": 1.0"), "the first has it");
	ok(system("grep -q h tb/both/events.out.tfevents.*") == 0,
	    "the other too, histogram included");
	itrack_free(multi);
	is_int(itrack_multi(&multi, t, 0, &err), -EINVAL, "a multi of none");
}

static void
test_refusals(void)
{
	static const char no_run[] = "No active run. Call start_run() first.";
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_option uri = {"tracking_uri", "localhost:5000"};
	struct itrack_option odd = {"colour", "red"};
	struct itrack_option plain = {"base_url", "http://u:hush@api.wandb.ai"};
	struct itrack_metric nameless = {"", 1}, null = {NULL, 1},
			     good = {"x", 1};
	struct itrack_param huge = {"h", {ITRACK_TEXT, {0}}};
	struct itrack_tracker *t = NULL;
	char *big;

	is_int(itrack_create_tracker(&t, "csv", NULL, NULL, 0, &err), -EINVAL,
	    "an unknown kind");
	ok(says(&err, "local, tensorboard, mlflow, wandb"), "names the kinds");
	is_int(itrack_create_tracker(&t, "mlflow", NULL, &uri, 1, &err),
	    -EINVAL, "a server without its scheme is no directory");
	ok(says(&err, "write http://localhost:5000"), "the nearest form");
	is_int(itrack_create_tracker(&t, "local", NULL, &odd, 1, &err), -EINVAL,
	    "an unknown option");
	ok(t == NULL, "and no handle");
	is_int(itrack_create_tracker(&t, "wandb", NULL, &plain, 1, &err),
	    -EINVAL, "a key by plain http");
	ok(says(&err, "use https") && !says(&err, "hush"),
	    "says how it may go, not what it is");
	is_int(itrack_create_tracker(NULL, "local", NULL, NULL, 0, NULL),
	    -EINVAL, "NULL");
	is_int(itrack_log_metrics(NULL, &good, 1, 0, &err), -EINVAL,
	    "a tracker that is NULL");
	t = local();
	is_int(itrack_log_metrics(t, &good, 1, 0, &err), -ENOTCONN, "no run");
	is_text(err.message, no_run, "insideLLMs' words");
	is_int(itrack_log_params(t, NULL, 0, &err), -ENOTCONN, "params");
	is_int(itrack_log_artifact(t, "x", NULL, NULL, &err), -ENOTCONN,
	    "artifact");
	is_int(itrack_flush(t, 1, &err), -ENOTCONN, "flush");
	is_int(itrack_end_run(t, "finished", &err), 0, "but end_run");
	is_int(itrack_end_run(t, "", &err), -EINVAL, "no such status");
	itrack_start_run(t, "refusals", NULL, 0, &err);
	is_int(itrack_log_metrics(t, &nameless, 1, 0, &err), -EINVAL,
	    "an empty name");
	is_int(itrack_log_metrics(t, &null, 1, 0, &err), -EINVAL, "NULL");
	is_int(itrack_log_metrics(t, NULL, 1, 0, &err), -EINVAL, "no list");
	is_int(itrack_log_artifact(t, "missing", NULL, NULL, &err), -ENOENT,
	    "no such file");
	is_int(itrack_log_artifact(t, "/dev/null", NULL, NULL, &err), -EINVAL,
	    "a device");
	is_int(itrack_flush(t, -1, &err), -EINVAL, "less than no time");
	is_int(itrack_flush(t, NAN, &err), -EINVAL, "no number of seconds");
	big = malloc(17 << 20);
	memset(big, 'x', 17 << 20);
	big[(17 << 20) - 1] = '\0';
	huge.value.u.text = big;
	is_int(itrack_log_params(t, &huge, 1, &err), -EMSGSIZE, "too large");
	big[1 << 20] = '\0';
	is_int(itrack_log_params(t, &huge, 1, &err), 0, "a megabyte");
	free(big);
	is_int(itrack_log_metrics(t, &good, 1, INT64_MAX, &err), 0,
	    "the last step of all");
	if (!ok(itrack_end_run(t, "finished", &err) == 0, "ends well"))
		printf("# %s\n", err.message);
	ok(has("refusals", "final_state.json", "\"metrics_count\": 1"),
	    "what was refused left nothing");
	itrack_free(t);
	itrack_free(NULL);
}

static void
test_million(void)
{
	enum { MILLION = 1000000 };
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_metric *m = calloc(MILLION, sizeof *m);
	struct itrack_option null[] = {{"drain", "60"}};
	char(*names)[16] = calloc(MILLION, sizeof *names);
	struct itrack_tracker *t = NULL;

	itrack_create_tracker(&t, "local", NULL, null, 1, &err);
	for (int i = 0; i < MILLION; i++) {
		snprintf(names[i], sizeof names[i], "m%d", i);
		m[i] = (struct itrack_metric){names[i], i};
	}
	m[MILLION - 1].name = names[0];
	itrack_start_run(t, "million", NULL, 0, &err);
	is_int(itrack_log_metrics(t, m, MILLION, ITRACK_STEP_AUTO, &err), 0,
	    "a million metrics in a call");
	if (!ok(itrack_end_run(t, "finished", &err) == 0, "are delivered"))
		printf("# %s\n", err.message);
	ok(has("million", "final_state.json", "\"metrics_count\": 1000"),
	    "as a thousand entries");
	ok(has("million", "metrics.json", "\"m0\": 999999.0"),
	    "the last of two equal names stands");
	itrack_free(t);
	free(names);
	free(m);
}

static void
test_fork(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = local();
	struct itrack_metric m = {"x", 1};
	int status = 0;
	pid_t pid;

	itrack_start_run(t, "fork", NULL, 0, &err);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int good = itrack_log_metrics(t, &m, 1, 0, &err) == -ECHILD &&
		    itrack_end_run(t, "failed", &err) == -ECHILD;

		itrack_free(t);
		_exit(good ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	is_int(status, 0, "inert in the child");
	is_int(itrack_log_metrics(t, &m, 1, 0, &err), 0, "alive in the parent");
	is_int(itrack_end_run(t, "finished", &err), 0, "to the end");
	ok(has("fork", "final_state.json", "\"metrics_count\": 1"),
	    "the child added nothing");
	itrack_free(t);
}

static void
test_directory(void)
{
	struct itrack_config config = ITRACK_CONFIG_INIT;
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = local();

	if (system("mkdir -p tree/b && echo 1 >tree/a && echo 2 >tree/b/c && "
		   "ln -s /etc/passwd tree/link") != 0)
		printf("# no tree\n");
	itrack_start_run(t, "tree", NULL, 0, &err);
	is_int(itrack_log_artifact(t, "tree", "t", "data", &err), 0,
	    "a directory");
	is_int(itrack_log_model(t, "tree", "m", NULL, &err), -ENOTSUP,
	    "local has no models");
	itrack_end_run(t, "finished", &err);
	ok(has("tree", "artifacts.json", "\"type\": \"data\""), "its type");
	ok(has("tree", "artifacts.json", "\"name\": \"t/b/c\""),
	    "with what is below it");
	ok(strstr(content("tree", "artifacts.json"), "link") == NULL,
	    "but not links");
	itrack_free(t);
	config.log_artifacts = false;
	itrack_create_tracker(&t, "local", &config, NULL, 0, &err);
	itrack_start_run(t, "kept", NULL, 0, &err);
	is_int(itrack_log_artifact(t, "tree/a", NULL, NULL, &err), 0,
	    "log_artifacts off");
	itrack_end_run(t, "finished", &err);
	is_text(content("kept", "artifacts.json"), "[]", "keeps files away");
	itrack_free(t);
	config.log_artifacts = config.log_code = true;
	itrack_create_tracker(&t, "local", &config, NULL, 0, &err);
	itrack_start_run(t, "code", NULL, 0, &err);
	itrack_end_run(t, "finished", &err);
	ok(has("code", "artifacts/code.json", "\"git_commit\""), "log_code");
	itrack_free(t);
}

static void
test_flush(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_option dir = {"log_dir", "tb"};
	struct itrack_tracker *t = NULL;
	struct itrack_metric m = {"flushed", 1};

	itrack_create_tracker(&t, "tensorboard", NULL, &dir, 1, &err);
	itrack_start_run(t, "flush", NULL, 0, &err);
	itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err);
	itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err);
	is_int(itrack_flush(t, 10, &err), 0, "flush");
	ok(system("grep -q flushed tb/flush/events.out.tfevents.*") == 0,
	    "what was logged is there before the end");
	itrack_end_run(t, "finished", &err);
	itrack_free(t);
}

/* A disk that is full for a while, by the limit of a file's size. */
static void
test_full(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = local();
	struct itrack_metric m = {"x", 1};
	struct rlimit before, full;
	int written = 0;
	char want[64];

	signal(SIGXFSZ, SIG_IGN);
	itrack_start_run(t, "full", NULL, 0, &err);
	getrlimit(RLIMIT_FSIZE, &before);
	full = before;
	full.rlim_cur = 65536;
	setrlimit(RLIMIT_FSIZE, &full);
	while (written < 10000 &&
	    itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err) == 0)
		written++;
	is_int(err.code, -ENOSPC, "the journal can't be written");
	for (int i = 0; i < 1000; i++)
		if (itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, NULL) == 0)
			written = -1;
	setrlimit(RLIMIT_FSIZE, &before);
	is_int(itrack_log_metrics(t, &m, 1, ITRACK_STEP_AUTO, &err), 0,
	    "when there is room again");
	is_int(itrack_end_run(t, "finished", &err), 0, "the run ends well");
	/* The first that failed was kept, those after it had no effect. */
	snprintf(want, sizeof want, "\"metrics_count\": %d\n", written + 2);
	ok(has("full", "final_state.json", want),
	    "with what was accepted and the one that was kept");
	itrack_free(t);
}

int
main(void)
{
	if (mkdtemp(top) == NULL || chdir(top) < 0)
		return 1;
	setenv("XDG_STATE_HOME", top, 1);
	/* A sync of outputs waits for whatever else the disk has to write. */
	setenv("ITRACK_DRAIN", "60", 1);
	test_run();
	test_names();
	test_result();
	test_auto();
	test_multi();
	test_refusals();
	test_million();
	test_fork();
	test_directory();
	test_flush();
	test_full();
	is_int(
	    system("test -z \"$(ls itrack/runs)\""), 0, "no journal is left");
	if (system("rm -rf \"$XDG_STATE_HOME\"") != 0)
		printf("# %s stays\n", top);
	return done_testing();
}
