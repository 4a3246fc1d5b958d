/* gitrepository-layout(5): HEAD is a commit or "ref: NAME"; NAME is a file in
 * the common directory or a line of packed-refs; in a linked work tree .git is
 * a file "gitdir: DIR", and DIR/commondir leads to the rest. */
#include "base/git.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"

/* The longest line; file_read_all reads in pieces of 64 kB. */
#define LINE_MAX_BYTES (256 * 1024)
/* Room for 100,000 refs of 80 bytes. */
#define PACKED_MAX_BYTES (8 * 1024 * 1024)
/* How often a symbolic ref may name another one. */
#define REFS_MAX 5

/* The first line of a small file; NULL if there is none. */
static char *
first_line(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	struct buf text;
	char *line = NULL;

	buf_init(&text, LINE_MAX_BYTES);
	if (file_read_all(AT_FDCWD, path, &text, NULL) == 0)
		line = xstrndup(text.data, strcspn(text.data, "\r\n"));
	buf_release(&text);
	free(path);
	return line;
}

static bool
is_commit(const char *text, size_t len)
{
	if (len != 40 && len != 64)
		return false;
	for (size_t i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

/* The directory with HEAD: DIR/.git, or what the file DIR/.git names. */
static char *
git_dir(const char *dir)
{
	char *path = path_join(dir, ".git");
	char *line, *named = NULL;
	struct stat st;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return path;
	line = first_line(dir, ".git");
	if (line != NULL && strncmp(line, "gitdir: ", 8) == 0)
		named = path_join(dir, line + 8);
	free(line);
	free(path);
	return named;
}

static char *
find_git_dir(const char *from)
{
	char *dir = xstrdup(from);
	char *found, *parent;

	while ((found = git_dir(dir)) == NULL && strcmp(dir, "/") != 0 &&
	    strcmp(dir, ".") != 0) {
		parent = path_parent(dir);
		free(dir);
		dir = parent;
	}
	free(dir);
	return found;
}

/* Finds the commit of a ref in lines "COMMIT NAME". */
static char *
packed_ref(const char *common, const char *name)
{
	char *path = path_join(common, "packed-refs");
	char *commit = NULL;
	const char *line;
	struct buf text;

	buf_init(&text, PACKED_MAX_BYTES);
	if (file_read_all(AT_FDCWD, path, &text, NULL) < 0)
		buf_reset(&text);
	for (line = text.data; *line != '\0' && commit == NULL;) {
		size_t len = strcspn(line, "\n");
		size_t hex = strcspn(line, " \n");

		if (hex < len && len - hex - 1 == strlen(name) &&
		    memcmp(line + hex + 1, name, strlen(name)) == 0 &&
		    is_commit(line, hex))
			commit = xstrndup(line, hex);
		line += len + (line[len] == '\n');
	}
	buf_release(&text);
	free(path);
	return commit;
}

/* Git's own names of refs never lead out of the repository. */
static bool
is_ref(const char *name)
{
	return name[0] != '/' && strstr(name, "..") == NULL;
}

static char *
resolve(const char *git, const char *common)
{
	char *line = first_line(git, "HEAD");

	for (int i = 0; i < REFS_MAX && line != NULL; i++) {
		/* Git, too, reads up to the first blank. */
		size_t hex = strcspn(line, " \t");
		char *name, *next;

		if (is_commit(line, hex)) {
			line[hex] = '\0';
			return line;
		}
		if (strncmp(line, "ref: ", 5) != 0 || !is_ref(line + 5))
			break;
		name = xstrdup(line + 5);
		next = first_line(common, name);
		if (next == NULL)
			next = packed_ref(common, name);
		free(name);
		free(line);
		line = next;
	}
	free(line);
	return NULL;
}

/* The directory that all work trees of a repository share. */
static char *
common_dir(const char *git)
{
	char *line = first_line(git, "commondir");
	char *common = path_join(git, line != NULL ? line : ".");

	free(line);
	return common;
}

static char *
git_dir_around(const char *dir)
{
	return dir != NULL && dir[0] == '/' ? find_git_dir(dir) : NULL;
}

char *
git_commit(const char *dir)
{
	char *git = git_dir_around(dir);
	char *common, *commit;

	if (git == NULL)
		return NULL;
	common = common_dir(git);
	commit = resolve(git, common);
	free(common);
	free(git);
	return commit;
}

/* Removes a login from the URL: no tracker may see a token in it. */
static char *
without_user(const char *url, size_t len)
{
	char *copy = xstrndup(url, len);

	uri_clean(copy);
	return copy;
}

/* Finds `url = ...` in the section [remote "origin"]. */
static char *
origin_of(const char *config)
{
	static const char section[] = "[remote \"origin\"]", url[] = "url = ";
	bool origin = false;

	while (*config != '\0') {
		size_t len;

		config += strspn(config, " \t");
		len = strcspn(config, "\r\n");
		if (config[0] == '[')
			origin = strncmp(config, section, strlen(section)) == 0;
		else if (origin && strncmp(config, url, strlen(url)) == 0)
			return without_user(
			    config + strlen(url), len - strlen(url));
		config += len;
		config += strspn(config, "\r\n");
	}
	return NULL;
}

char *
git_remote(const char *dir)
{
	char *git = git_dir_around(dir);
	char *common, *path, *remote = NULL;
	struct buf config;

	if (git == NULL)
		return NULL;
	common = common_dir(git);
	path = path_join(common, "config");
	buf_init(&config, LINE_MAX_BYTES);
	if (file_read_all(AT_FDCWD, path, &config, NULL) == 0)
		remote = origin_of(config.data);
	buf_release(&config);
	free(path);
	free(common);
	free(git);
	return remote;
}
