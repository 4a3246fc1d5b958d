/*
 * The pure parts of the MLflow tracker: names, request bodies, where the server
 * is, what its answers mean, the file store's YAML.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "tap.h"
#include "tracker/mlflow/batch.h"
#include "tracker/mlflow/config.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/names.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/store/store.h"

static void
is_key(const char *prefix, const char *name, const char *want)
{
	struct buf key;

	buf_init(&key, 4096);
	mlflow_key(&key, prefix, name);
	is_text(key.data, want, name);
	buf_release(&key);
}

/* Far beyond what is looked at in place. */
static void
test_long_keys(void)
{
	static char name[100001];
	struct buf key, other;

	buf_init(&key, 4096);
	buf_init(&other, 4096);
	memset(name, 'k', sizeof name - 1);
	ok(mlflow_key(&key, "p/", name), "100,000 characters are cut");
	ok(key.len <= 250 && strncmp(strchr(key.data, '/'), "/kkk", 4) == 0,
	    "the name from its start on");
	name[sizeof name - 2] = 'j';
	mlflow_key(&other, "p/", name);
	ok(strcmp(key.data, other.data) != 0, "and stay different");
	buf_release(&key);
	buf_release(&other);
}

static void
test_keys(void)
{
	char name[600] = "";
	struct buf key, other;

	is_key("", "accuracy", "accuracy");
	is_key("model/probe/", "a-b_c.d: e", "model/probe/a-b_c.d: e");
	is_key("", "\xc3\xa9t\xc3\xa9/\xe4\xb8\xad",
	    "\xc3\xa9t\xc3\xa9/\xe4\xb8\xad");
	is_key("", "a=b", "a_b-aab0bc73");
	is_key("", "a+b", "a_b-b298c425");
	is_key("open=model/probe/", "success_rate",
	    "open_model-b395fa69/probe/success_rate");
	is_key("", "../x", ".._-e3d4a70d/x");
	is_key("", "/x", "_-c11c9dc5/x");
	is_key("", "", "_-c11c9dc5");
	is_key("", "\xf0\x9f\x98\x80", "_-d3a29608");
	is_key("", "model-20240229/x", "model-20240229/x");
	is_key("", "a_b-aab0bc73", "a_b-aab0bc73-f7e7cea9");
	is_key("", "ab-aab0bc73", "ab-aab0bc73");

	buf_init(&key, 4096);
	buf_init(&other, 4096);
	memset(name, 'k', 250);
	ok(!mlflow_key(&key, "", name), "250 characters stay");
	memset(name, 'k', 251);
	buf_reset(&key);
	ok(mlflow_key(&key, "", name), "251 are cut");
	ok(key.len <= 250, "to at most 250");
	name[250] = 'j';
	mlflow_key(&other, "", name);
	ok(strcmp(key.data, other.data) != 0, "and stay different");
	buf_reset(&key);
	mlflow_key(&key, "", "a?");
	ok(mlflow_key(&key, "", "b") == false, "appended to what is there");
	ok(key.len > 2 && key.data[key.len - 1] == 'b', "%s", key.data);
	memset(name, '/', 400);
	buf_reset(&key);
	mlflow_key(&key, "", name);
	ok(key.len <= 250, "slashes alone too");
	memset(name, 'p', 300);
	memcpy(name + 300, "/success_rate", sizeof "/success_rate");
	buf_reset(&key);
	mlflow_key(&key, "", name);
	ok(strcmp(key.data + key.len - 13, "/success_rate") == 0,
	    "the value's own name stays: %s", key.data);
	buf_release(&key);
	buf_release(&other);
	test_long_keys();
}

/* Names that MLflow takes for one, and the names that their changes lead to. */
static void
test_artifact_names(void)
{
	const char *const names[] = {"a#b.txt", "a%b.txt", "a_b.txt",
	    "a\\b.txt", "a\xed\xa0\x80.txt", "a\xed\xa0\x81.txt",
	    "a\xef\xbf\xbd.txt", ".", "..", "_", "x/./y", "x/../y", "x/_/y"};
	struct buf out[sizeof names / sizeof names[0] + 1];
	size_t len = sizeof names / sizeof names[0], i, k;
	bool differ = true;

	for (i = 0; i <= len; i++) {
		buf_init(&out[i], 200);
		/* The last is what the first one has become. */
		mlflow_artifact_name(&out[i], i < len ? names[i] : out[0].data);
		for (k = 0; k < i; k++)
			differ &= strcmp(out[i].data, out[k].data) != 0;
	}
	ok(differ, "no two files have one name");
	ok(strncmp(out[0].data, "a_b-", 4) == 0 &&
		strcmp(out[0].data + out[0].len - 4, ".txt") == 0,
	    "a file keeps its ending");
	is_text(out[2].data, "a_b.txt", "a good name stays");
	for (i = 0; i <= len; i++)
		buf_release(&out[i]);
}

static void
test_texts(void)
{
	struct buf out;

	buf_init(&out, 100);
	ok(!mlflow_text(&out, "a\xc3\xa9", 2), "two characters fit");
	is_text(out.data, "a\xc3\xa9", "as they are");
	buf_reset(&out);
	ok(mlflow_text(&out, "a\xc3\xa9z", 2), "the third is cut");
	is_text(out.data, "a\xc3\xa9", "by characters");
	buf_reset(&out);
	mlflow_text(&out, "\xc0\x80\xed\xa0\x80", 9);
	is_text(out.data, "\xef\xbf\xbd\xef\xbf\xbd", "NUL and surrogate");
	buf_reset(&out);
	ok(mlflow_artifact_name(&out, "a%20/../#b\\c"), "artifact name");
	ok(strncmp(out.data, "a_20-", 5) == 0 &&
		strstr(out.data, "/_-") != NULL &&
		strstr(out.data, "/_b_c-") != NULL,
	    "what the server decodes is out");
	buf_reset(&out);
	test_artifact_names();
	ok(!mlflow_artifact_name(&out, "d/a b+\xc3\xbc"), "other names stay");
	buf_release(&out);
}

static const char *
test_prefix(const void *data, int64_t experiment)
{
	(void)data;
	return experiment == ENTRY_NO_EXPERIMENT ? "" : "m/p/";
}

static bool
test_wanted(const void *data, int64_t experiment)
{
	(void)data;
	return experiment != 7;
}

static bool
test_of_all(const void *data)
{
	(void)data;
	return false;
}

static bool
test_own(const void *data)
{
	(void)data;
	return true;
}

static void
test_note(void *data, const char *line)
{
	int *notes = data;

	(void)line;
	++*notes;
}

/* Two params of one key, points of two entries, one of another run. */
static void
make_bodies(struct entry e[4])
{
	entry_init(&e[0], ENTRY_PARAMS, 1000);
	e[0].params.experiment = 0;
	entry_add_param_text(&e[0], "model", "x\"\xed\xa0\x80");
	entry_add_param_double(&e[0], "rate", 1e-5);
	entry_init(&e[1], ENTRY_METRICS, 1764000000123456);
	e[1].metrics.experiment = ENTRY_NO_EXPERIMENT;
	e[1].metrics.step = 3;
	entry_add_metric(&e[1], "acc", 0.1);
	entry_add_metric(&e[1], "bad", 0.0 / 0.0);
	entry_init(&e[2], ENTRY_METRICS, 1764000000123456);
	e[2].metrics.experiment = 7;
	entry_add_metric(&e[2], "not", 1);
	entry_init(&e[3], ENTRY_PARAMS, 1000);
	e[3].params.experiment = 0;
	entry_add_param_text(&e[3], "model", "again");
}

/* In a run of the experiment's own the step is its own. */
static void
test_own_steps(void)
{
	struct mlflow_names names = {.prefix = test_prefix,
	    .wanted = test_wanted,
	    .own_run = test_of_all};
	struct mlflow_batch b;
	struct entry e;
	struct buf body;

	entry_init(&e, ENTRY_METRICS, 5000);
	e.metrics.step = 12;
	e.metrics.experiment = 0;
	e.metrics.experiment_step = 4;
	entry_add_metric(&e, "a", 1);
	buf_init(&body, MLFLOW_BODY_BUFFER);
	mlflow_batch_init(&b);
	for (int own = 0; own < 2; own++) {
		names.own_run = own ? test_own : test_of_all;
		mlflow_batch_fill(&b, &e, 1, &names);
		mlflow_batch_next(&b, &body, "abc", 1000);
		ok(strstr(body.data,
		       own ? "\"timestamp\":5,\"step\":4}"
			   : "\"timestamp\":5,\"step\":12}") != NULL,
		    "step in the %s", own ? "experiment's run" : "run of all");
	}
	entry_release(&e);
	mlflow_batch_release(&b);
	buf_release(&body);
}

static void
test_bodies(void)
{
	struct entry e[4];
	int notes = 0;
	const struct mlflow_names names = {
	    test_prefix, test_wanted, test_of_all, test_note, &notes};
	struct mlflow_batch b;
	struct buf body;

	make_bodies(e);
	buf_init(&body, MLFLOW_BODY_BUFFER);
	mlflow_batch_init(&b);
	mlflow_batch_fill(&b, e, 4, &names);
	is_int((long long)mlflow_batch_next(&b, &body, "abc", 1000), 2,
	    "two params: a key twice goes in two requests");
	is_text(body.data,
	    "{\"run_id\":\"abc\",\"params\":[{\"key\":\"m/p/model\","
	    "\"value\":\"x\\\"\\ufffd\"},{\"key\":\"m/p/rate\","
	    "\"value\":\"1e-05\"}]}",
	    "their body");
	is_int((long long)mlflow_batch_next(&b, &body, "abc", 1000), 2,
	    "without an answer the same again");
	mlflow_batch_taken(&b);
	is_int((long long)mlflow_batch_next(&b, &body, "abc", 2), 2,
	    "the last param with the first point");
	is_text(body.data,
	    "{\"run_id\":\"abc\",\"params\":[{\"key\":\"m/p/model\","
	    "\"value\":\"again\"}],\"metrics\":[{\"key\":\"acc\","
	    "\"value\":0.1,\"timestamp\":1764000000123,\"step\":3}]}",
	    "in one request");
	is_int((long long)mlflow_batch_metrics(&b), 1, "one of them a point");
	mlflow_batch_taken(&b);
	is_int((long long)mlflow_batch_next(&b, &body, "abc", 1000), 1,
	    "the rest");
	is_text(body.data,
	    "{\"run_id\":\"abc\",\"metrics\":[{\"key\":\"bad\","
	    "\"value\":\"NaN\",\"timestamp\":1764000000123,\"step\":3}]}",
	    "NaN is a text");
	mlflow_batch_taken(&b);
	is_int(
	    (long long)mlflow_batch_next(&b, &body, "abc", 1000), 0, "no more");
	is_int(notes, 0, "nothing was changed");
	for (int i = 0; i < 4; i++)
		entry_release(&e[i]);
	mlflow_batch_release(&b);
	buf_release(&body);
}

/* A server that takes a request if no item of it is refused, alone: whatever
 * is refused, those and no others are named, and all others are taken once. */
static void
refuse(const char *what, size_t count, bool (*is_bad)(uint32_t at),
    size_t most_requests)
{
	struct entry e[2];
	int notes = 0;
	const struct mlflow_names names = {
	    test_prefix, test_wanted, test_of_all, test_note, &notes};
	struct mlflow_batch b;
	struct buf body;
	size_t requests = 0, taken = 0, refused = 0, wrong = 0, bad = 0;

	entry_init(&e[0], ENTRY_PARAMS, 1000);
	entry_init(&e[1], ENTRY_METRICS, 1000);
	e[0].params.experiment = e[1].metrics.experiment = ENTRY_NO_EXPERIMENT;
	for (size_t i = 0; i < count; i++) {
		char *name = xasprintf("n%zu", i);

		entry_add_param_integer(&e[0], name, 1);
		entry_add_metric(&e[1], name, 1);
		bad += 2 * is_bad((uint32_t)i);
		free(name);
	}
	buf_init(&body, MLFLOW_BODY_BUFFER);
	mlflow_batch_init(&b);
	mlflow_batch_fill(&b, e, 2, &names);
	while (mlflow_batch_next(&b, &body, "abc", 1000) > 0) {
		bool fails = false;
		const struct mlflow_item *item;

		for (size_t i = 0; i < b.sent; i++)
			fails = fails || is_bad(b.items[b.at + i].at);
		requests++;
		if (!fails) {
			taken += b.sent;
			mlflow_batch_taken(&b);
			continue;
		}
		item = mlflow_batch_refused(&b);
		refused += item != NULL;
		wrong += item != NULL && !is_bad(item->at);
	}
	is_int((long long)refused, (long long)bad, what);
	is_int((long long)wrong, 0, "no other one");
	is_int((long long)taken, (long long)(2 * count - bad), "others taken");
	ok(requests <= most_requests, "%zu requests", requests);
	entry_release(&e[0]);
	entry_release(&e[1]);
	mlflow_batch_release(&b);
	buf_release(&body);
}

static bool
is_none(uint32_t at)
{
	(void)at;
	return false;
}

static bool
is_the_first(uint32_t at)
{
	return at == 0;
}

static bool
is_one_of_many(uint32_t at)
{
	return at == 577;
}

static bool
is_any(uint32_t at)
{
	(void)at;
	return true;
}

static void
test_refusals(void)
{
	refuse("none is refused", 1500, is_none, 18);
	refuse("the first of two is refused", 2, is_the_first, 7);
	refuse("the only one is refused", 1, is_any, 3);
	refuse("one of many is refused", 1500, is_one_of_many, 60);
	refuse("all are refused", 300, is_any, 1200);
}

static void
test_tags(void)
{
	struct mlflow_tags tags = {0};
	struct mlflow_batch b;
	struct buf body;

	is_int(mlflow_tags_put(&tags, "a", "1"), 0, "a tag");
	is_int(mlflow_tags_put(&tags, "b", NULL), 0, "none");
	is_int(mlflow_tags_put(&tags, "c=", "2"), MLFLOW_TAG_RENAMED,
	    "a name that MLflow refuses");
	is_int(mlflow_tags_put(&tags, "a", "1"), 0, "the same again");
	is_int(mlflow_tags_put(&tags, "a", "3"), MLFLOW_TAG_REPLACED,
	    "another value in its place");
	is_int((long long)tags.len, 2, "each name once");
	is_text(mlflow_tags_get(&tags, "a"), "3", "the last value stands");
	mlflow_tags_remove(&tags, "c=");
	is_int((long long)tags.len, 2, "by the name that it has there");
	mlflow_batch_init(&b);
	mlflow_batch_tags(&b, &tags);
	buf_init(&body, MLFLOW_BODY_BUFFER);
	is_int((long long)mlflow_batch_next(&b, &body, "r", 1), 1, "a request");
	is_text(body.data,
	    "{\"run_id\":\"r\",\"tags\":[{\"key\":\"a\",\"value\":\"3\"}]}",
	    "its body");
	mlflow_batch_taken(&b);
	mlflow_tags_remove(&tags, "a");
	is_int((long long)tags.len, 1, "taken away");
	ok(mlflow_tags_get(&tags, "a") == NULL, "and gone");
	mlflow_batch_release(&b);
	mlflow_tags_release(&tags);
	buf_release(&body);
}

/* Values of 6000 emoji are 72 kB each as JSON: a body holds only some. */
static void
test_body_limit(void)
{
	struct entry e;
	int notes = 0;
	const struct mlflow_names names = {
	    test_prefix, test_wanted, test_of_all, test_note, &notes};
	struct mlflow_batch b;
	char *value = xmalloc(4 * 6001 + 1);
	struct buf body;
	size_t n, sum = 0, most = 0;

	entry_init(&e, ENTRY_PARAMS, 0);
	e.params.experiment = ENTRY_NO_EXPERIMENT;
	for (int i = 0; i < 6001; i++)
		memcpy(value + 4 * (size_t)i, "\xf0\x9f\x98\x80", 5);
	for (int i = 0; i < 250; i++) {
		char *name = xasprintf("p%d", i);

		entry_add_param_text(&e, name, i < 50 ? value : "v");
		free(name);
	}
	buf_init(&body, MLFLOW_BODY_BUFFER);
	mlflow_batch_init(&b);
	mlflow_batch_fill(&b, &e, 1, &names);
	while ((n = mlflow_batch_next(&b, &body, "abc", 1000)) > 0) {
		ok(n <= MLFLOW_PARAMS_MAX && !buf_overflowed(&body),
		    "%zu params", n);
		sum += n;
		if (body.len > most)
			most = body.len;
		mlflow_batch_taken(&b);
	}
	is_int((long long)sum, 250, "all params in some request");
	ok(most <= MLFLOW_BODY_MAX + 3, "at most 900 kB (%zu)", most);
	is_int(notes, 50 + 4, "cut values are said, also when repeated");
	free(value);
	mlflow_batch_release(&b);
	entry_release(&e);
	buf_release(&body);
}

static struct mlflow_config config;
static struct err error;

static bool
load(const char *uri)
{
	const struct mlflow_choice choice = {
	    .uri = uri, .project = "proj", .cwd = "/home/me"};

	mlflow_config_release(&config);
	error = (struct err)ERR_INIT;
	return mlflow_config_load(&config, &choice, &error) == 0;
}

static void
test_uris(void)
{
	struct mlflow_choice unknown = {.project = "proj"};

	ok(load("http://h:5000/prefix//"), "a server");
	is_text(config.base, "http://h:5000/prefix", "without final slashes");
	is_text(config.experiment_name, "proj", "experiment: the project");
	ok(load("https://me:p%40ss@h/x"), "user and password in it");
	is_text(config.base, "https://h/x", "not in the address");
	is_text(config.user, "me", "the user");
	is_text(config.password, "p@ss", "the password");
	ok(load("./runs"), "a path");
	is_text(config.root, "/home/me/runs", "made absolute");
	ok(load("~/runs"), "a path of the user's");
	is_text(config.root, "/nonexistent/runs", "below HOME");
	ok(!load("runs") && strstr(error.message, "./runs for a directory"),
	    "a name that is not there is none");
	ok(load("mlruns"), "MLflow's own name of a store is a directory");
	ok(!load("localhost:5000") &&
		strstr(error.message, "write http://localhost:5000"),
	    "a server without its scheme");
	ok(load("file:///a%20b"), "file:///");
	is_text(config.root, "/a b", "decoded");
	ok(load("file:/a"), "file:/");
	is_text(config.root, "/a", "too");
	unknown.uri = "runs";
	mlflow_config_release(&config);
	ok(mlflow_config_load(&config, &unknown, &error) < 0 &&
		strstr(error.message, "relative") != NULL,
	    "a relative path in a directory that is not known");
	mlflow_config_release(&config);
	unknown.uri = "/runs";
	ok(mlflow_config_load(&config, &unknown, &error) == 0, "a whole one");
	ok(!load("file://me:secret@other/a"), "another host");
	ok(strstr(error.message, "file://other/a") != NULL,
	    "is named, without the password");
	ok(!load("postgresql+psycopg2://me:secret@h/db"), "a database");
	ok(strstr(error.message, "secret") == NULL &&
		strstr(error.message, "mlflow server") != NULL,
	    "says what to do, without the password");
	ok(!load("sqlite:///x.db"), "sqlite");
	ok(!load("databricks"), "databricks");
	ok(!load("s3://b/c") && strstr(error.message, "HOST:PORT"), "s3");
	ok(load(NULL) && config.by_default &&
		strcmp(strrchr(config.root, '/'), "/mlruns") == 0,
	    "none: MLflow's own store");
}

static void
write_credentials(const char *home)
{
	static const char text[] = "[other]\nmlflow_tracking_username = no\n"
				   "[mlflow]\n# note\n"
				   "mlflow_tracking_username = ini\r\n"
				   "mlflow_tracking_password=s3cret word\n";
	char *dir = xasprintf("%s/.mlflow", home);
	char *path = xasprintf("%s/credentials", dir);
	FILE *f;

	mkdir(dir, 0700);
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		die("no credentials file");
	free(dir);
	free(path);
}

static void
remove_credentials(const char *home)
{
	char *path = xasprintf("%s/.mlflow/credentials", home);

	unlink(path);
	path[strlen(path) - strlen("/credentials")] = '\0';
	rmdir(path);
	rmdir(home);
	free(path);
}

static void
test_credentials(void)
{
	char home[] = "/tmp/itrack-test-mlflow-XXXXXX";

	if (mkdtemp(home) == NULL)
		die("no directory");
	setenv("HOME", home, 1);
	write_credentials(home);
	load("http://h");
	is_text(config.user, "ini", "user from the file");
	is_text(config.password, "s3cret word", "password from the file");
	setenv("MLFLOW_TRACKING_USERNAME", "env", 1);
	load("http://h");
	is_text(config.user, "env", "the environment wins");
	is_text(config.password, "s3cret word", "field by field");
	remove_credentials(home);
	load("http://h");
	ok(config.user == NULL, "a user alone is none");
	setenv("MLFLOW_TRACKING_TOKEN", "tok", 1);
	load("http://h");
	is_text(config.token, "tok", "token");
	unsetenv("MLFLOW_TRACKING_USERNAME");
	unsetenv("MLFLOW_TRACKING_TOKEN");
	setenv("MLFLOW_TRACKING_URI", "http://u:p@h/x/", 1);
	load("http://h/x");
	is_text(config.user, "u", "user of the variable, same server");
	load("http://other/x");
	ok(config.user == NULL, "never for another server");
	setenv("MLFLOW_TRACKING_URI", "http://u:p@h/x?token=1#2", 1);
	load("http://h/x");
	is_text(config.password, "p", "its query does not count");
	unsetenv("MLFLOW_TRACKING_URI");
	load("http://a%40b:p%3Aw%2F@h/?api_key=k#f");
	is_text(config.base, "http://h", "a server without what is secret");
	is_text(config.user, "a@b", "a user, decoded");
	is_text(config.password, "p:w/", "a password, decoded");
	ok(!load("u:p@h:5000"), "a login without a scheme");
	ok(strstr(error.message, "u:p") == NULL, "is not shown");
	ok(!load("postgresql://u:one@h/d?password=two#three"), "a database");
	ok(strstr(error.message, "//h/d") != NULL &&
		strstr(error.message, "one") == NULL &&
		strstr(error.message, "two") == NULL &&
		strstr(error.message, "three") == NULL,
	    "is named without its passwords");
	ok(!load("file://u:one@h/d"), "a directory elsewhere");
	ok(strstr(error.message, "one") == NULL, "neither");
	setenv("MLFLOW_TRACKING_INSECURE_TLS", "yes", 1);
	ok(!load("https://h"), "yes is no boolean");
	setenv("MLFLOW_TRACKING_INSECURE_TLS", "TRUE", 1);
	ok(load("https://h") && config.insecure, "TRUE is");
	setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/ca.pem", 1);
	ok(!load("https://h"), "both contradict");
	unsetenv("MLFLOW_TRACKING_INSECURE_TLS");
	ok(load("https://h"), "a CA file");
	is_text(config.ca, "/ca.pem", "is taken");
	unsetenv("MLFLOW_TRACKING_SERVER_CERT_PATH");
	setenv("MLFLOW_EXPERIMENT_ID", "12", 1);
	ok(load("https://h"), "experiment by ID");
	is_text(config.experiment_id, "12", "the ID");
	ok(config.experiment_name == NULL, "no name beside it");
	unsetenv("MLFLOW_EXPERIMENT_ID");
	mlflow_config_release(&config);
}

static void
answer(int status, const char *body, enum outcome want, const char *says)
{
	char text[32];
	const struct http_answer http = {
	    .result = http_status_result(status),
	    .status = status,
	    .body = body,
	    .body_len = strlen(body),
	    .error = text,
	};
	struct mlflow_answer a;

	snprintf(text, sizeof text, "HTTP %d", status);
	mlflow_classify("http://h", &http, true, &a);
	cJSON_Delete(a.doc);
	is_int(a.outcome, want, body[0] != '\0' ? body : text);
	if (says != NULL)
		ok(strstr(a.err.message, says) != NULL, "says: %s",
		    a.err.message);
}

static void
test_answers(void)
{
	answer(200, "{}", OUTCOME_DONE, NULL);
	answer(200, "<html>login", OUTCOME_BLOCKED, "no MLflow server");
	answer(200, "", OUTCOME_RETRY, "cut");
	answer(200, "{\"experiment", OUTCOME_RETRY, "cut");
	answer(200, "{\"run\":{\"data\":{\"loss\":NaN}}}", OUTCOME_DONE, NULL);
	answer(
	    200, "{\"run\":1x}", OUTCOME_RETRY, "not JSON (at byte 8 of 10)");
	answer(400,
	    "{\"error_code\":\"INVALID_PARAMETER_VALUE\",\"message\":\"bad\"}",
	    OUTCOME_REJECTED, "INVALID_PARAMETER_VALUE: bad");
	answer(401, "You are not authenticated", OUTCOME_BLOCKED,
	    "MLFLOW_TRACKING_USERNAME");
	answer(403, "Permission denied", OUTCOME_BLOCKED, "permission");
	answer(
	    403, "Invalid Host header - x", OUTCOME_BLOCKED, "--allowed-hosts");
	answer(404, "<html>", OUTCOME_BLOCKED, "path prefix");
	answer(404, "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\"}",
	    OUTCOME_REJECTED, NULL);
	answer(404,
	    "{\"error_code\":\"RESOURCE_DOES_NOT_EXIST\","
	    "\"message\":\"no \\ud800 \\u0000 here\"}",
	    OUTCOME_REJECTED, "no \xed\xa0\x80 \xc0\x80 here");
	answer(429, "", OUTCOME_RETRY, NULL);
	answer(503, "{\"error_code\":\"TEMPORARILY_UNAVAILABLE\"}",
	    OUTCOME_RETRY, NULL);
	answer(503, "{\"detail\":\"Artifact serving is disabled\"}",
	    OUTCOME_REJECTED, "--no-serve-artifacts");
	answer(500, "{\"message\":\"Changing param values is not allowed\"}",
	    OUTCOME_REJECTED, NULL);
	answer(500, "oops", OUTCOME_RETRY, NULL);
	answer(400, "The run must be in the 'active' state", OUTCOME_BLOCKED,
	    "restore");
}

/* A name that no file system takes stands for a disk that fails. */
static void
test_unread(void)
{
	const struct mlflow_choice choice = {
	    .uri = "http://h", .project = "proj", .cwd = "/"};
	const struct pair uri = {
	    .name = (char *)"mlflow-uri", .text = (char *)"runs"};
	const struct target target = {.tracker = (char *)"mlflow",
	    .options = (struct pair *)&uri,
	    .option_len = 1};
	char lost[400] = "/", *where;
	struct plan plan = {.target = &target, .project = "p", .cwd = lost};
	struct err err = ERR_INIT;

	memset(lost + 1, 'n', sizeof lost - 2);
	setenv("HOME", lost, 1);
	mlflow_config_release(&config);
	is_int(mlflow_config_load(&config, &choice, &err), -ENAMETOOLONG,
	    "credentials that can't be read");
	ok(strstr(err.message, ".mlflow/credentials") != NULL, "are named");
	setenv("MLFLOW_TRACKING_USERNAME", "u", 1);
	setenv("MLFLOW_TRACKING_PASSWORD", "p", 1);
	ok(load("http://h"), "there is no need of them with both");
	unsetenv("MLFLOW_TRACKING_USERNAME");
	unsetenv("MLFLOW_TRACKING_PASSWORD");
	err = (struct err)ERR_INIT;
	ok(mlflow_destination(&plan, &err) == NULL && err.code < 0,
	    "a directory that can't be looked at is none that is missing");
	plan.cwd = "/nonexistent";
	where = mlflow_destination(&plan, &err);
	is_text(where, "not configured", "one that is missing");
	free(where);
	setenv("HOME", "/nonexistent", 1);
}

static void
test_yaml(void)
{
	struct buf out;

	buf_init(&out, 1000);
	mlruns_quote(&out, "a\"\\\n\xc3\xa9\xc2\x85\xf0\x9f\x98\x80");
	is_text(out.data, "\"a\\\"\\\\\\u000a\xc3\xa9\\u0085\xf0\x9f\x98\x80\"",
	    "quoted");
	buf_release(&out);
}

int
main(void)
{
	setenv("HOME", "/nonexistent", 1);
	test_keys();
	test_texts();
	test_bodies();
	test_own_steps();
	test_body_limit();
	test_refusals();
	test_tags();
	test_uris();
	test_credentials();
	test_unread();
	test_answers();
	test_yaml();
	return done_testing();
}
