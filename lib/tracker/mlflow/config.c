#include "tracker/mlflow/config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"
#include "format/trackinguri.h"
#include "tracker/mlflow/credentials.h"
#include "tracker/mlflow/variables.h"

/* MLflow's own default is 120 s for one request; the server's longest wait, for
 * a locked database, is 20 s. */
#define PATIENCE_MAX_S 3600

/* MLflow's own default for many years. */
#define DEFAULT_STORE "mlruns"

#define SERVER_HINT                                                          \
	"run \"mlflow server --backend-store-uri %s --port 5000\" and give " \
	"--mlflow-uri http://127.0.0.1:5000 (or MLFLOW_TRACKING_URI), or "   \
	"--mlflow-uri DIR to write files for later import"

static char *
copy(const char *text)
{
	return text != NULL ? xstrdup(text) : NULL;
}

/* Decodes the piece; NULL: there is none. */
static char *
part(struct uri_span span)
{
	char *text = NULL;

	if (span.start != NULL) {
		text = xstrndup(span.start, span.len);
		uri_unescape(text);
	}
	return text;
}

/* Returns the URI in a form that may be shown; *user and *password get its
 * login. */
static char *
take_apart(const char *text, char **user, char **password)
{
	char *clean = xstrdup(text);
	struct uri uri;

	uri_clean(clean);
	uri_split(text, &uri);
	*user = part(uri.user);
	*password = part(uri.password);
	return clean;
}

/* file:///dir, file:/dir, file://localhost/dir, file:dir. Allocated. */
static char *
file_path(const char *uri)
{
	struct uri u;
	char *path = uri_split(uri, &u)
	    ? xstrndup(u.path, (size_t)(u.end - u.path))
	    : xstrdup(uri + strlen("file:"));

	uri_unescape(path);
	return path;
}

static int
take_server(struct mlflow_config *c, const char *uri)
{
	size_t len;

	c->store = MLFLOW_SERVER;
	c->base = take_apart(uri, &c->user, &c->password);
	len = strlen(c->base);
	while (len > 0 && c->base[len - 1] == '/')
		c->base[--len] = '\0';
	return 0;
}

static int
refuse_database(const char *uri, struct err *err)
{
	char *shown = xstrdup(uri), *word;

	uri_clean(shown);
	word = text_shell_word(shown);
	err_set(err, MLFLOW_NEEDS_URI, "%s is a database; " SERVER_HINT, shown,
	    word);
	free(word);
	free(shown);
	return MLFLOW_NEEDS_URI;
}

/* What the text means in the directory `cwd`. Where that is not known, any name
 * may be there. */
static int
read_uri(struct tracking_place *place, const char *uri, const char *cwd,
    struct err *err)
{
	char *path = cwd != NULL ? path_join(cwd, uri) : NULL;
	struct err why = ERR_INIT;
	int there = path == NULL ? 1 : file_look(AT_FDCWD, path, 0, NULL, &why);

	tracking_uri_read(place, uri, environment_value("HOME"), there > 0);
	free(path);
	if (there < 0 && place->kind == TRACKING_URI_UNKNOWN)
		return err_set(err, there, "%s", why.message);
	return 0;
}

/* `path` is taken over. */
static int
take_directory(struct mlflow_config *c, char *path,
    const struct mlflow_choice *choice, struct err *err)
{
	const char *cwd = choice->cwd, *rest = path;

	if (path[0] != '/' && (cwd == NULL || cwd[0] != '/')) {
		err_set(err, -EINVAL,
		    "MLflow URI \"%s\" is a relative path, and in which "
		    "directory is not known: use a whole one",
		    choice->uri);
		free(path);
		return -EINVAL;
	}
	while (strncmp(rest, "./", 2) == 0)
		rest += 2 + strspn(rest + 2, "/");
	c->root = path_join(cwd != NULL ? cwd : "", rest);
	free(path);
	return 0;
}

static int
take_uri(struct mlflow_config *c, const struct mlflow_choice *choice,
    struct err *err)
{
	const char *uri = choice->uri;
	char why[TRACKING_URI_MESSAGE_MAX];
	struct tracking_place place;
	int result;

	c->store = MLFLOW_FILES;
	c->by_default = uri == NULL || uri[0] == '\0';
	if (c->by_default)
		return take_directory(c, xstrdup(DEFAULT_STORE), choice, err);
	result = read_uri(&place, uri, choice->cwd, err);
	if (result < 0)
		return result;
	switch (place.kind) {
	case TRACKING_URI_SERVER:
		return take_server(c, uri);
	case TRACKING_URI_DATABASE:
		return refuse_database(uri, err);
	case TRACKING_URI_FILE:
		return take_directory(c, file_path(uri), choice, err);
	case TRACKING_URI_PATH:
		return take_directory(c,
		    xasprintf("%s%s", place.before, place.path), choice, err);
	case TRACKING_URI_UNKNOWN:
		tracking_uri_complain(uri, why, sizeof why);
		return err_set(err, MLFLOW_NEEDS_URI, "%s", why);
	}
	return 0;
}

/* The journal has the option without user and password; this process's own
 * variable may still have them for the same server. */
static void
take_uri_user(struct mlflow_config *c)
{
	const char *uri = environment_value("MLFLOW_TRACKING_URI");
	char *user, *password, *stripped;
	size_t len;

	if (uri == NULL || c->user != NULL)
		return;
	stripped = take_apart(uri, &user, &password);
	len = strlen(c->base);
	if (strncmp(stripped, c->base, len) == 0 &&
	    strspn(stripped + len, "/") == strlen(stripped + len)) {
		c->user = user;
		c->password = password;
		user = password = NULL;
	}
	free(user);
	free(password);
	free(stripped);
}

static void
replace(char **field, const char *value)
{
	if (value == NULL)
		return;
	free(*field);
	*field = xstrdup(value);
}

static int
take_credentials(struct mlflow_config *c, struct err *err)
{
	int result = 0;

	take_uri_user(c);
	replace(&c->user, environment_value("MLFLOW_TRACKING_USERNAME"));
	replace(&c->password, environment_value("MLFLOW_TRACKING_PASSWORD"));
	if (c->user == NULL || c->password == NULL)
		result = mlflow_credentials_take(c, err);
	if (c->user == NULL || c->password == NULL || c->user[0] == '\0' ||
	    c->password[0] == '\0') {
		free(c->user);
		free(c->password);
		c->user = c->password = NULL;
	}
	c->token = copy(environment_value("MLFLOW_TRACKING_TOKEN"));
	return result;
}

static int
take_tls(struct mlflow_config *c, struct err *err)
{
	if (mlflow_variable_bool(
		"MLFLOW_TRACKING_INSECURE_TLS", &c->insecure, err) < 0)
		return -EINVAL;
	c->ca = copy(environment_value("MLFLOW_TRACKING_SERVER_CERT_PATH"));
	if (c->ca != NULL && c->insecure)
		return err_set(err, -EINVAL,
		    "MLFLOW_TRACKING_INSECURE_TLS and "
		    "MLFLOW_TRACKING_SERVER_CERT_PATH contradict each other: "
		    "unset one");
	c->client_cert =
	    copy(environment_value("MLFLOW_TRACKING_CLIENT_CERT_PATH"));
	return 0;
}

static void
take_experiment(struct mlflow_config *c, const struct mlflow_choice *choice)
{
	const char *id = environment_value("MLFLOW_EXPERIMENT_ID");

	if (choice->experiment != NULL)
		c->experiment_name = xstrdup(choice->experiment);
	c->run_id = copy(choice->run_id);
	c->experiment_chosen = choice->experiment != NULL;
	c->experiment_id = copy(id);
	if (id == NULL && choice->experiment == NULL)
		c->experiment_name = xstrdup(choice->project);
}

/* What MLflow says of one request counts for one request; what it says of
 * repetitions counts for a row of failures, which the journal survives. */
static int
take_patience(struct mlflow_config *c, struct err *err)
{
	int64_t timeout_s = HTTP_TIMEOUT_MS / 1000, most = -1, first_s = -1;

	c->heed_retry_after = true;
	if (mlflow_variable_number("MLFLOW_HTTP_REQUEST_TIMEOUT", 1,
		PATIENCE_MAX_S, "seconds", &timeout_s, err) < 0 ||
	    mlflow_variable_number("MLFLOW_HTTP_REQUEST_MAX_RETRIES", 0,
		INT32_MAX, "repetitions", &most, err) < 0 ||
	    mlflow_variable_number("MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR", 0,
		PATIENCE_MAX_S, "seconds", &first_s, err) < 0 ||
	    mlflow_variable_bool("MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER",
		&c->heed_retry_after, err) < 0)
		return -EINVAL;
	c->timeout_ms = timeout_s * 1000;
	c->timeout_is_users =
	    environment_value("MLFLOW_HTTP_REQUEST_TIMEOUT") != NULL;
	c->retry_most = (int)most;
	c->retry_first_ms = first_s < 0 ? -1 : first_s * 1000;
	return 0;
}

/* What tells where a run goes. */
static int
load_place(struct mlflow_config *c, const struct mlflow_choice *choice,
    struct err *err)
{
	int result;

	memset(c, 0, sizeof *c);
	result = take_uri(c, choice, err);
	if (result == 0)
		take_experiment(c, choice);
	return result;
}

int
mlflow_config_load(struct mlflow_config *c, const struct mlflow_choice *choice,
    struct err *err)
{
	int result = load_place(c, choice, err);

	if (result < 0)
		return result;
	c->run_context = copy(environment_value("MLFLOW_RUN_CONTEXT"));
	if (c->store == MLFLOW_FILES)
		return 0;
	result = take_credentials(c, err);
	if (result < 0)
		return result;
	c->workspace = copy(environment_value("MLFLOW_WORKSPACE"));
	if (take_tls(c, err) < 0)
		return -EINVAL;
	return take_patience(c, err);
}

void
mlflow_config_release(struct mlflow_config *c)
{
	free(c->base);
	free(c->root);
	free(c->user);
	xfree_secret(c->password);
	xfree_secret(c->token);
	free(c->ca);
	free(c->client_cert);
	free(c->workspace);
	free(c->experiment_name);
	free(c->experiment_id);
	free(c->run_id);
	free(c->run_context);
	free(c->denied);
	memset(c, 0, sizeof *c);
}

struct http_config
mlflow_config_http(const struct mlflow_config *c)
{
	return (struct http_config){
	    .ca = c->ca,
	    .client_cert = c->client_cert,
	    .insecure = c->insecure,
	    .user = c->user,
	    .password = c->password,
	    .bearer = c->token,
	    .netrc = true,
	};
}

struct mlflow_choice
mlflow_choice_of(const struct plan *plan)
{
	const char *experiment = plan_option(plan, "mlflow-experiment");

	return (struct mlflow_choice){
	    .uri = plan_option(plan, "mlflow-uri"),
	    .experiment = experiment != NULL ? experiment : plan->experiment,
	    .project = plan->project,
	    .run_id = plan_option(plan, "mlflow-run-id"),
	    .cwd = plan->cwd,
	};
}

char *
mlflow_destination(const struct plan *plan, struct err *err)
{
	const struct mlflow_choice choice = mlflow_choice_of(plan);
	char *root = NULL, *where = NULL;
	struct err why = ERR_INIT;
	struct mlflow_config c;
	int result = load_place(&c, &choice, &why);

	if (result == 0 && c.root != NULL) {
		root = path_real(c.root, &why);
		result = root != NULL ? 0 : why.code;
	}
	if (result != MLFLOW_NEEDS_URI && file_is_unknown(result)) {
		err_set(err, result, "%s", why.message);
	} else if (result < 0) {
		where = xstrdup("not configured");
	} else {
		where = xasprintf("%s\texperiment %s%s",
		    root != NULL ? root : c.base,
		    c.experiment_id != NULL ? "ID " : "",
		    c.experiment_id != NULL ? c.experiment_id
					    : c.experiment_name);
		free(root);
	}
	mlflow_config_release(&c);
	return where;
}
