/* Where the files of a run go: a server says it, so nothing of it is taken on
 * trust. */
#include "tracker/mlflow/way.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/die.h"
#include "base/uri.h"
#include "http/http.h"

#define PROXY_SCHEME  "mlflow-artifacts:"
#define FILE_SCHEME   "file:"
#define FOLDER_NAME   "artifacts"
#define RUN_ID_DIGITS 32

static int
odd(const char *uri, struct err *err)
{
	char *shown = xstrdup(uri);

	uri_clean(shown);
	err_set(err, -EPERM,
	    "the server says that files are kept at %s: a path with parts that "
	    "lead elsewhere is not followed",
	    shown);
	free(shown);
	return -1;
}

/* No component leads up or nowhere, and no byte is one that only looks like a
 * part of a path. */
static bool
is_straight(const char *path)
{
	size_t len;

	for (; *path != '\0'; path += len + (path[len] == '/')) {
		len = strcspn(path, "/");
		if ((len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)path[i] < ' ' || path[i] == '\\' ||
			    path[i] == '\x7f')
				return false;
	}
	return true;
}

/* However often a server decodes it. */
static bool
stays_straight(const char *path)
{
	char *copy = xstrdup(path);
	bool straight;

	do
		straight = is_straight(copy);
	while (straight && uri_unescape(copy));
	free(copy);
	return straight;
}

/* "mlflow-artifacts:/7/abc/artifacts", or "mlflow-artifacts://host:port/7/...":
 * a host is the server's own, or somebody else's. */
static enum mlflow_way
proxy_way(const char *base, const char *uri, char **path, struct err *err)
{
	const char *rest = uri + strlen(PROXY_SCHEME);
	struct uri server;
	size_t host;
	char *url;
	bool own;

	if (strncmp(rest, "//", 2) == 0) {
		host = strcspn(rest + 2, "/");
		uri_split(base, &server);
		url = xasprintf("%.*s:%.*s", (int)server.scheme.len,
		    server.scheme.start, (int)(host + 2), rest);
		own = host == 0 || http_same_origin(base, url);
		free(url);
		if (!own)
			return MLFLOW_WAY_PAGE;
		rest += 2 + host;
	}
	if (rest[0] != '/' || strpbrk(rest, "?#") != NULL ||
	    !stays_straight(rest)) {
		odd(uri, err);
		return MLFLOW_WAY_NONE;
	}
	*path = xstrdup(rest + strspn(rest, "/"));
	uri_unescape(*path);
	return MLFLOW_WAY_PROXY;
}

/* Is it ".../<run ID>/artifacts", with an ID as MLflow makes them? */
static bool
is_folder_of(const char *path, const char *run_id)
{
	size_t len = strlen(path), tail = strlen("/" FOLDER_NAME);

	if (strlen(run_id) != RUN_ID_DIGITS ||
	    strspn(run_id, "0123456789abcdef") != RUN_ID_DIGITS ||
	    len <= tail + 1 + RUN_ID_DIGITS ||
	    strcmp(path + len - tail, "/" FOLDER_NAME) != 0)
		return false;
	path += len - tail - RUN_ID_DIGITS - 1;
	return path[0] == '/' && strncmp(path + 1, run_id, RUN_ID_DIGITS) == 0;
}

/* The path of "/path", "file:/path" or "file:///path"; NULL: another URI. */
static char *
path_of(const char *uri)
{
	const char *rest = uri;
	char *path;

	if (strncasecmp(uri, FILE_SCHEME, strlen(FILE_SCHEME)) == 0) {
		rest += strlen(FILE_SCHEME);
		if (strncmp(rest, "//", 2) == 0)
			rest += 2;
	}
	if (rest[0] != '/')
		return NULL;
	path = xstrdup(rest);
	if (rest != uri)
		uri_unescape(path);
	return path;
}

bool
mlflow_way_is_folder(const char *uri)
{
	char *path = path_of(uri);

	free(path);
	return path != NULL;
}

enum mlflow_way
mlflow_way(const char *base, const char *uri, const char *run_id, char **path,
    struct err *err)
{
	*path = NULL;
	if (strncasecmp(uri, PROXY_SCHEME, strlen(PROXY_SCHEME)) == 0)
		return proxy_way(base, uri, path, err);
	*path = path_of(uri);
	if (*path == NULL)
		return MLFLOW_WAY_PAGE;
	if (!is_straight(*path)) {
		free(*path);
		*path = NULL;
		odd(uri, err);
		return MLFLOW_WAY_NONE;
	}
	if (is_folder_of(*path, run_id))
		return MLFLOW_WAY_FOLDER;
	free(*path);
	*path = NULL;
	return MLFLOW_WAY_PAGE;
}

int
mlflow_way_open(const char *path)
{
	const int how = O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = open("/", how), next;
	char *copy = xstrndup(path, strlen(path) - strlen("/" FOLDER_NAME));
	char *rest = copy, *name;

	while (fd >= 0 && (name = strsep(&rest, "/")) != NULL) {
		if (name[0] == '\0')
			continue;
		next = openat(fd, name, how);
		close(fd);
		fd = next;
	}
	free(copy);
	if (fd < 0)
		return -1;
	next = openat(fd, FOLDER_NAME, how);
	if (next < 0 || faccessat(fd, FOLDER_NAME, W_OK, AT_EACCESS) < 0) {
		close(fd);
		fd = -1;
	}
	if (next >= 0)
		close(next);
	return fd;
}
