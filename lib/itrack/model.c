/* Models: logs saved models as files of the run, and registers them with
 * MLflow. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/random.h"
#include "itrack/handle.h"

#define MODEL_FILE       "MLmodel"
#define MODEL_FILE_BYTES ((size_t)16 * 1024 * 1024)
#define RUNS_SCHEME      "runs:/"
/* The flavor as which every model can be loaded. */
#define ANY_FLAVOR "pyfunc"
/* Size of a registration's random ID, with the NUL; no two are the same. */
#define ID_SIZE 25

struct model {
	const char *path, *name, *flavor;
};

static int
no_place(const struct itrack_tracker *t, const char *what, struct err *err)
{
	return err_set(err, -ENOTSUP, "%s has no place for %s",
	    t->settings.kind->name, what);
}

/* The members of the block "flavors:", as MLflow writes the file: each on a
 * line of its own, indented by two. */
static bool
has_flavor(const char *yaml, const char *flavor)
{
	size_t len = strlen(flavor);
	bool within = false;

	for (const char *line = yaml; *line != '\0';) {
		size_t end = strcspn(line, "\n");

		if (line[0] != ' ')
			within = strncmp(line, "flavors:", 8) == 0;
		else if (within && strncmp(line, "  ", 2) == 0 &&
		    strncmp(line + 2, flavor, len) == 0 && line[2 + len] == ':')
			return true;
		line += end + (line[end] == '\n');
	}
	return false;
}

static int
check_model(const struct model *model, struct err *err)
{
	int dir = open(model->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct buf text;
	int result;

	if (dir < 0)
		return err_errno(err, "%s", model->path);
	buf_init(&text, MODEL_FILE_BYTES);
	result = file_read_all(dir, MODEL_FILE, &text, err);
	close(dir);
	if (result == -ENOENT)
		result = err_set(err, -EINVAL,
		    "%s: not a model: there is no file " MODEL_FILE " in it",
		    model->path);
	else if (result == 0 && model->flavor != NULL &&
	    strcmp(model->flavor, ANY_FLAVOR) != 0 &&
	    !has_flavor(text.data, model->flavor))
		result = err_set(err, -EINVAL,
		    "%s: a model without the flavor %.64s", model->path,
		    model->flavor);
	buf_release(&text);
	return result;
}

static int
model_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct model *model = arguments;
	struct artifact files = {model->path, model->name, "model", false};
	int result;

	if (!t->settings.kind->models)
		return no_place(t, "models", err);
	result = check_model(model, err);
	if (result < 0 || !t->settings.log_artifacts)
		return result;
	return run_log_path(t->run, &files, err);
}

int
itrack_log_model(struct itrack_tracker *t, const char *path, const char *name,
    const char *flavor, struct itrack_error *err)
{
	struct model model = {path, name, flavor};

	if (path == NULL || path[0] == '\0' || name == NULL || name[0] == '\0')
		return handle_refuse(
		    err, -EINVAL, "a model needs a path and a name");
	return handle_call(t, HANDLE_LOG, model_body, &model, err);
}

struct registration {
	const char *uri, *name;
};

static int
log_registration(struct run *run, const void *arguments, struct err *err)
{
	const struct registration *r = arguments;
	char id[ID_SIZE];
	struct entry e;

	random_name(id, sizeof id);
	entry_init(&e, ENTRY_REGISTER, clock_wall_us());
	e.registration.uri = text_of_bytes(r->uri);
	e.registration.name = text_of_bytes(r->name);
	e.registration.id = xstrdup(id);
	return run_log(run, &e, err);
}

static int
register_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	bool broken, active;
	int result = 0;

	if (!t->settings.kind->models)
		return no_place(t, "models", err);
	handle_lock(t);
	broken = t->broken;
	active = t->run != NULL;
	if (active && !broken)
		result = log_registration(t->run, arguments, err);
	handle_unlock(t);
	if (broken)
		return err_set(err, -ENOMEM, "out of memory before");
	return active ? result : run_alone(t, log_registration, arguments, err);
}

/* Is it "runs:/ID/path", with both an ID and a path? */
static bool
is_uri(const char *uri)
{
	const char *slash;

	if (strncmp(uri, RUNS_SCHEME, strlen(RUNS_SCHEME)) != 0)
		return uri[0] != '\0';
	uri += strlen(RUNS_SCHEME);
	slash = strchr(uri, '/');
	return slash != NULL && slash > uri && slash[1] != '\0';
}

int
itrack_register_model(struct itrack_tracker *t, const char *uri,
    const char *name, struct itrack_error *err)
{
	struct registration r = {uri, name};

	if (uri == NULL || !is_uri(uri))
		return handle_refuse(err, -EINVAL,
		    "a model's URI is runs:/RUN-ID/PATH, or where its files "
		    "are");
	if (name == NULL || name[0] == '\0' || strpbrk(name, "/:") != NULL)
		return handle_refuse(err, -EINVAL,
		    "a registered model's name is not empty and has no slash "
		    "or colon");
	return handle_call(t, HANDLE_EITHER, register_body, &r, err);
}
