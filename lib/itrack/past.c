/* Runs of the local tracker that are over: load_run, list_runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/jsonwrite.h"
#include "format/text.h"
#include "itrack/handle.h"

/* A limit for the five documents together. */
#define DOCUMENTS_BYTES_MAX ((size_t)1024 * 1024 * 1024)

struct load {
	const char *run_id;
	char **json;
};

struct list {
	char ***run_ids;
	size_t *count;
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
load_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct load *load = arguments;
	char *root, *id, *name, *dir;
	struct buf json;
	int result = only_local(t, "load_run", err), fd;

	if (result < 0)
		return result;
	root = place_of_runs(&t->settings);
	id = text_of_bytes(load->run_id);
	/* A run ID of start_run() is the directory's name already. */
	name = strchr(id, '/') != NULL || id[0] == '.' ? path_encode(id)
						       : xstrdup(id);
	dir = path_join(root, name);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buf_init(&json, DOCUMENTS_BYTES_MAX);
	if (fd < 0)
		result = err_set(
		    err, -ENOENT, "Run not found: %.200s", load->run_id);
	else
		result = read_documents(fd, &json, err);
	if (fd >= 0)
		close(fd);
	if (result == 0)
		*load->json = buf_steal(&json);
	buf_release(&json);
	free(dir);
	free(name);
	free(id);
	free(root);
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

static bool
is_run(int dir_fd, const char *name)
{
	struct stat st;

	return strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
	    fstatat(dir_fd, name, &st, 0) == 0 && S_ISDIR(st.st_mode);
}

static int
list_body(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct list *list = arguments;
	int result = only_local(t, "list_runs", err);
	const struct dirent *d;
	char *root, **ids = NULL;
	size_t count = 0;
	DIR *dir;

	if (result < 0)
		return result;
	root = place_of_runs(&t->settings);
	dir = opendir(root);
	if (dir == NULL && errno != ENOENT)
		result = err_errno(err, "%s", root);
	while (dir != NULL && (d = readdir(dir)) != NULL) {
		if (!is_run(dirfd(dir), d->d_name))
			continue;
		ids = xreallocarray(ids, count + 1, sizeof *ids);
		ids[count++] = xstrdup(d->d_name);
	}
	if (dir != NULL)
		closedir(dir);
	free(root);
	if (count > 0)
		qsort(ids, count, sizeof *ids, compare_texts);
	if (result == 0) {
		*list->run_ids = ids;
		*list->count = count;
	}
	return result;
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
