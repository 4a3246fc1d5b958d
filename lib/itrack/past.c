/* Runs of the local tracker that are over: load_run, list_runs. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "itrack/handle.h"

/* A limit for the five documents together. */
#define DOCUMENTS_BYTES_MAX ((size_t)1024 * 1024 * 1024)

/* One document of names, tags and notes. */
#define METADATA_BYTES_MAX ((size_t)16 * 1024 * 1024)

struct load {
	const char *run_id;
	char **json;
};

struct list {
	char ***run_ids;
	size_t *count;
};

struct found {
	const char *root;
	char **ids;
	size_t count;
	struct err *err;
};

static int
only_local(const struct itrack_tracker *t, const char *what, struct err *err)
{
	if (strcmp(t->settings.kind->name, "local") == 0)
		return 0;
	return err_set(err, -ENOTSUP, "%s is for local runs, not for %s", what,
	    t->settings.kind->name);
}

static int
read_documents(int dir_fd, struct buf *out, struct err *err)
{
	static const char *const names[] = {
	    "metadata", "metrics", "params", "artifacts", "final_state"};
	struct jsonwrite w;
	struct buf text;
	int result = 0;

	jsonwrite_init(&w, out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	for (size_t i = 0; result == 0 && i < sizeof names / sizeof *names;
	     i++) {
		char *file = xasprintf("%s.json", names[i]);

		buf_init(&text, DOCUMENTS_BYTES_MAX);
		result = file_read_all(dir_fd, file, &text, err);
		if (result == 0) {
			jsonwrite_key(&w, names[i]);
			jsonwrite_raw(&w, text.data, text.len);
		} else if (result == -ENOENT) {
			result = 0;
		}
		buf_release(&text);
		free(file);
	}
	jsonwrite_close(&w, '}');
	if (result == 0 && buf_overflowed(out))
		result = err_set(err, -EMSGSIZE, "the run is too large");
	return result;
}

static int
open_dir(const char *root, const char *name)
{
	char *dir = root != NULL ? path_join(root, name) : NULL;
	int fd = -ENOENT;

	if (dir != NULL) {
		fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd = fd < 0 ? -errno : fd;
	}
	free(dir);
	return fd;
}

/* Can the name be a path below a folder? */
static bool
is_below(const char *path)
{
	if (path == NULL || path[0] == '/')
		return false;
	for (const char *at = path; at != NULL; at = strchr(at, '/')) {
		at += *at == '/';
		if (strncmp(at, "..", 2) == 0 &&
		    (at[2] == '/' || at[2] == '\0'))
			return false;
	}
	return true;
}

/* The run of this ID: first as the library makes its directory, then one of that
 * very name, then where insideLLMs would have made it, with a folder for each
 * slash. */
static int
open_run(const struct settings *s, const char *id)
{
	char *runs = place_of_runs(s), *name = path_encode(id);
	char *plain = text_path_bytes(id), *project = place_of_project(s);
	int fd = open_dir(runs, name);

	if (fd < 0 && file_is_absent(fd) && is_below(plain))
		fd = open_dir(runs, plain);
	if (fd < 0 && file_is_absent(fd) && is_below(plain))
		fd = open_dir(project, plain);
	free(project);
	free(plain);
	free(name);
	free(runs);
	return fd;
}

static int
load_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct load *load = arguments;
	int result = only_local(t, "load_run", err), fd;
	struct buf json;
	char *id;

	if (result < 0)
		return result;
	id = text_of_bytes(load->run_id);
	fd = open_run(&t->settings, id);
	buf_init(&json, DOCUMENTS_BYTES_MAX);
	if (fd >= 0)
		result = read_documents(fd, &json, err);
	else if (file_is_absent(fd))
		result = err_set(
		    err, -ENOENT, "Run not found: %.200s", load->run_id);
	else
		result =
		    err_set(err, fd, "%.200s: %s", load->run_id, strerror(-fd));
	if (fd >= 0)
		close(fd);
	if (result == 0)
		*load->json = buf_steal(&json);
	buf_release(&json);
	free(id);
	return result;
}

int
itrack_load_run(struct itrack_tracker *t, const char *run_id, char **json,
    struct itrack_error *err)
{
	struct load load = {run_id, json};

	if (run_id == NULL || run_id[0] == '\0' || json == NULL ||
	    (t != NULL && t->member_count > 0))
		return handle_refuse(err, -EINVAL,
		    "load_run needs a local tracker, a run ID and a place");
	return handle_call(t, HANDLE_CONTROL, load_body, &load, err);
}

void
itrack_free_text(char *text)
{
	free(text);
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The ID whose directory has a cut name stands in the directory alone. NULL: none
 * of that name does. */
static char *
id_within(const char *path, const char *name)
{
	char *file = path_join(path, "metadata.json"), *id = NULL, *again;
	struct json_span document, member;
	struct buf text;

	buf_init(&text, METADATA_BYTES_MAX);
	if (file_read_all(AT_FDCWD, file, &text, NULL) == 0 &&
	    jsonscan_whole(text.data, text.len, &document) == 0) {
		member = json_member(&document, "run_id");
		id = json_text_new(&member);
	}
	again = id != NULL ? path_encode(id) : NULL;
	if (again != NULL && strcmp(again, name) != 0) {
		free(id);
		id = NULL;
	}
	free(again);
	buf_release(&text);
	free(file);
	return id;
}

static int
take_run(const char *name, void *data)
{
	struct found *f = data;
	char *path = path_join(f->root, name), *id;
	struct stat st;
	int there = file_look(AT_FDCWD, path, 0, &st, f->err);

	if (there <= 0 || !S_ISDIR(st.st_mode)) {
		free(path);
		return there < 0 ? there : 0;
	}
	f->ids = xreallocarray(f->ids, f->count + 1, sizeof *f->ids);
	id = path_decode(name);
	if (id == NULL)
		id = id_within(path, name);
	free(path);
	f->ids[f->count++] = id != NULL ? id : xstrdup(name);
	return 0;
}

static int
list_in(struct found *found, const char *root)
{
	int result;

	found->root = root;
	result = file_each_name(AT_FDCWD, root, take_run, found, found->err);
	return file_is_absent(result) ? 0 : result;
}

static int
list_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct list *list = arguments;
	int result = only_local(t, "list_runs", err);
	struct err why = ERR_INIT;
	struct found found = {.err = &why};
	char *runs, *project;

	if (result < 0)
		return result;
	runs = place_of_runs(&t->settings);
	project = place_of_project(&t->settings);
	result = list_in(&found, runs);
	if (result == 0 && project != NULL && strcmp(project, runs) != 0)
		result = list_in(&found, project);
	free(project);
	free(runs);
	if (result < 0) {
		itrack_free_list(found.ids, found.count);
		return err_set(err, result, "%s", why.message);
	}
	if (found.count > 0)
		qsort(found.ids, found.count, sizeof *found.ids, compare_texts);
	*list->run_ids = found.ids;
	*list->count = found.count;
	return 0;
}

int
itrack_list_runs(struct itrack_tracker *t, char ***run_ids, size_t *count,
    struct itrack_error *err)
{
	struct list list;

	list.run_ids = run_ids;
	list.count = count;
	if (run_ids == NULL || count == NULL ||
	    (t != NULL && t->member_count > 0))
		return handle_refuse(err, -EINVAL,
		    "list_runs needs a local tracker and two places");
	return handle_call(t, HANDLE_CONTROL, list_body, &list, err);
}

void
itrack_free_list(char **list, size_t count)
{
	for (size_t i = 0; list != NULL && i < count; i++)
		free(list[i]);
	free(list);
}
