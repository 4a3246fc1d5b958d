/* Examines what MLflow would do with a run: the address, the login, the
 * version, the experiment, the way of the files. It only asks and changes
 * nothing. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/loop.h"
#include "base/uri.h"
#include "foreign/json.h"
#include "format/text.h"
#include "http/http.h"
#include "tracker/examine.h"
#include "tracker/mlflow/private.h"
#include "tracker/mlflow/way.h"

/* A person is waiting; a server that needs longer is worth a word. */
#define ANSWER_MS     10000
#define VERSION_SHOWN 40
#define API           "/api/2.0/mlflow/"
/* What MLflow answers to a request that has no trace in it. */
#define OK    200
#define EMPTY 422
#define BAD   400

struct probe {
	const struct examination *x;
	struct loop *loop;
	struct http *http;
	const struct mlflow_config *config;
	bool wants_json;
	struct mlflow_answer answer;
	char *body;
};

static void
on_done(void *data, const struct http_answer *http)
{
	struct probe *p = data;

	free(p->body);
	p->body = xstrdup(http->body);
	cJSON_Delete(p->answer.doc);
	mlflow_classify(p->config->base, http, p->wants_json, &p->answer);
	loop_stop(p->loop);
}

/* Sends a request without a body, and waits for the answer. */
static bool
send(struct probe *p, const char *method, bool wants_json, const char *path)
{
	char *url = xasprintf("%s%s", p->config->base, path);
	char *workspace = NULL;
	const char *headers[4] = {
	    "Content-Type: application/json", "x-mlflow-experiment-id: 0"};
	const struct http_request request = {
	    .method = method,
	    .url = url,
	    .headers = headers,
	    .timeout_ms = ANSWER_MS,
	    .done = on_done,
	    .data = p,
	};

	if (p->config->workspace != NULL)
		headers[2] = workspace =
		    xasprintf("X-MLFLOW-WORKSPACE: %s", p->config->workspace);
	p->wants_json = wants_json;
	http_start(p->http, &request);
	loop_run(p->loop);
	free(workspace);
	free(url);
	return p->answer.outcome == OUTCOME_DONE;
}

static bool
ask(struct probe *p, bool wants_json, const char *path)
{
	return send(p, "GET", wants_json, path);
}

/* A request without a trace is refused, but not by everyone in the same way. MLflow
 * 3.4, which links no trace to a run, does not know its type. */
static void
say_traces(struct probe *p)
{
	bool taken = send(p, "POST", false, "/v1/traces");
	bool old = strstr(p->body, "Invalid Content-Type") != NULL;

	if (old || mlflow_has_no_such_call(&p->answer))
		examine_say(p->x, VERDICT_NOTE,
		    "it takes no traces: with --records the records are a "
		    "table of the run; MLflow 3.6 or newer with a database "
		    "has pages for them");
	else if (taken || p->answer.status == EMPTY || p->answer.status == BAD)
		examine_say(p->x, VERDICT_GOOD,
		    "it takes records as traces (--records)");
	else
		examine_say(p->x, VERDICT_NOTE,
		    "whether it takes traces (--records) is not known: %s",
		    p->answer.err.message);
}

/* "3.4.0", "3.5.0rc1": what no page of a proxy looks like. */
static bool
is_version(const char *text)
{
	size_t len = strspn(text, "0123456789.abcdefghijklmnopqrstuvwxyz+-");

	return text[0] >= '0' && text[0] <= '9' && text[len] == '\0' &&
	    len < VERSION_SHOWN;
}

/* MLflow before 3.5 calls its version a page (text/html). */
static void
say_version(struct probe *p)
{
	ask(p, false, "/version");
	if (p->answer.status == OK && is_version(p->body))
		examine_say(p->x, VERDICT_GOOD, "%s answers, MLflow %s",
		    p->config->base, p->body);
	else
		examine_say(p->x, VERDICT_GOOD,
		    "%s answers (it does not tell its version)",
		    p->config->base);
}

static void
say_login(const struct probe *p)
{
	const struct mlflow_config *c = p->config;

	if (c->user != NULL)
		examine_say(p->x, VERDICT_GOOD, "login as %s", c->user);
	else if (c->token != NULL)
		examine_say(p->x, VERDICT_GOOD, "login by token");
	else
		examine_say(p->x, VERDICT_GOOD,
		    "no login is configured, and none is asked for");
	if ((c->user != NULL || c->token != NULL) && uri_is_in_clear(c->base))
		examine_say(p->x, VERDICT_NOTE,
		    "the login goes there in clear text (plain http)");
	if (c->insecure)
		examine_say(p->x, VERDICT_NOTE,
		    "the server's certificate is not verified "
		    "(MLFLOW_TRACKING_INSECURE_TLS)");
}

/* The experiment's folder shows where the folder of a later run would be. */
static void
say_files(const struct probe *p, const char *location)
{
	struct err err = ERR_INIT;
	char *place = xstrdup(location), *path;
	enum mlflow_way way =
	    mlflow_way(p->config->base, location, "", &path, &err);

	uri_clean(place);
	if (way == MLFLOW_WAY_PROXY)
		examine_say(p->x, VERDICT_GOOD, "files go through the server");
	else if (way == MLFLOW_WAY_NONE)
		examine_say(p->x, VERDICT_BAD, "%s", err.message);
	else if (mlflow_way_is_folder(location))
		examine_say(p->x, VERDICT_NOTE,
		    "files are kept at %s of the server's machine: copied "
		    "where "
		    "this machine shares it and the run's folder is there, "
		    "else those up to 10 MB go through the server's page",
		    place);
	else
		examine_say(p->x, VERDICT_NOTE,
		    "files are kept at %s, which itrack can't write: those "
		    "up to 10 MB go through the server's page if it can "
		    "write there, others need mlflow artifacts log-artifacts",
		    place);
	free(path);
	free(place);
}

/* The login and the Host check show at the first call that needs them. */
static void
say_experiment(struct probe *p)
{
	const struct mlflow_config *c = p->config;
	const char *location;
	struct buf path;
	bool found;

	buf_init(&path, 64 * 1024);
	if (c->experiment_id != NULL) {
		buf_adds(&path, API "experiments/get?experiment_id=");
		http_escape(&path, c->experiment_id, "");
	} else {
		buf_adds(&path, API "experiments/get-by-name?experiment_name=");
		http_escape(&path, c->experiment_name, "");
	}
	found = ask(p, true, path.data);
	buf_release(&path);
	if (!found &&
	    (strcmp(p->answer.code, "RESOURCE_DOES_NOT_EXIST") != 0 ||
		c->experiment_id != NULL)) {
		examine_say(p->x, VERDICT_BAD, "%s", p->answer.err.message);
		return;
	}
	say_login(p);
	if (!found) {
		examine_say(p->x, VERDICT_GOOD, "experiment %s will be created",
		    c->experiment_name);
		return;
	}
	location = json_at_text(p->answer.doc, "experiment.artifact_location");
	if (json_at_is(
		p->answer.doc, "experiment.lifecycle_stage", "deleted")) {
		examine_say(p->x, VERDICT_BAD,
		    "the experiment was deleted there: restore it (mlflow "
		    "experiments restore), or choose another name with "
		    "--mlflow-experiment");
	} else {
		examine_say(p->x, VERDICT_GOOD, "experiment %s exists",
		    c->experiment_name != NULL ? c->experiment_name
					       : c->experiment_id);
		say_files(p, location != NULL ? location : "");
	}
}

static void
examine_server(const struct examination *x, const struct mlflow_config *config)
{
	struct http_config http = mlflow_config_http(config);
	struct err err = ERR_INIT;
	struct probe p = {.x = x, .config = config};

	if (config->denied != NULL)
		examine_say(x, VERDICT_NOTE, "%s", config->denied);
	p.loop = loop_new();
	p.http = http_new(p.loop, &http, &err);
	if (p.http == NULL) {
		examine_say(x, VERDICT_BAD, "%s", err.message);
	} else if (!ask(&p, false, "/health") && p.answer.status == 0) {
		examine_say(x, VERDICT_BAD,
		    "%s; start it with: mlflow server --port PORT",
		    p.answer.err.message);
	} else {
		say_version(&p);
		say_experiment(&p);
		say_traces(&p);
	}
	http_free(p.http);
	loop_free(p.loop);
	cJSON_Delete(p.answer.doc);
	free(p.body);
}

static void
examine_files(const struct examination *x, const struct mlflow_config *config)
{
	char *root = text_shell_word(config->root);

	if (config->by_default)
		examine_say(x, VERDICT_NOTE,
		    "no server is named (--mlflow-uri, MLFLOW_TRACKING_URI)");
	examine_directory(x, config->root, "runs (MLflow's file store)");
	examine_say(x, VERDICT_NOTE,
	    "to look at them: MLFLOW_ALLOW_FILE_STORE=true mlflow ui "
	    "--backend-store-uri %s",
	    root);
	free(root);
}

void
mlflow_examine(const struct examination *x)
{
	const struct mlflow_choice choice = mlflow_choice_of(x->plan);
	struct mlflow_config config;
	struct err err = ERR_INIT;

	if (mlflow_config_load(&config, &choice, &err) < 0)
		examine_say(x, VERDICT_BAD, "%s", err.message);
	else if (config.store == MLFLOW_FILES)
		examine_files(x, &config);
	else
		examine_server(x, &config);
	mlflow_config_release(&config);
}

void
mlflow_foretell(const struct examination *x)
{
	const struct mlflow_choice choice = mlflow_choice_of(x->plan);
	struct mlflow_config c;
	struct err err = ERR_INIT;

	if (mlflow_config_load(&c, &choice, &err) < 0)
		examine_say(x, VERDICT_BAD, "%s", err.message);
	else if (c.store == MLFLOW_FILES)
		examine_directory(x, c.root, "runs (MLflow's file store)");
	else
		examine_say(x, VERDICT_GOOD, "runs go to %s, experiment %s",
		    c.base,
		    c.experiment_id != NULL ? c.experiment_id
					    : c.experiment_name);
	mlflow_config_release(&c);
}
