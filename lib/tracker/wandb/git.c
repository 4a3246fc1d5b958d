#include "tracker/wandb/git.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/text.h"

/* packed-refs of a large repository is some hundred kB. */
#define GIT_FILE_MAX  (4 * 1024 * 1024)
#define SHA1_DIGITS   40
#define SHA256_DIGITS 64
#define HEX           "0123456789abcdef"

static char *
read_text(const char *folder, const char *name)
{
	char *path = path_join(folder, name), *result = NULL;
	struct buf text;

	buf_init(&text, GIT_FILE_MAX);
	if (file_read_all(AT_FDCWD, path, &text, NULL) == 0)
		result = buf_steal(&text);
	buf_release(&text);
	free(path);
	return result;
}

/* The text behind `start` up to the end of its line, if the line begins so. */
static char *
rest_of_line(const char *line, const char *start)
{
	size_t len = strlen(start);

	if (strncmp(line, start, len) != 0)
		return NULL;
	return xstrndup(line + len, strcspn(line + len, "\r\n"));
}

/* `path`/.git: a folder, or a file that names one (worktrees, submodules). */
static char *
git_folder(const char *path)
{
	char *git = path_join(path, ".git"), *text, *named, *result = NULL;
	struct stat st;

	if (stat(git, &st) == 0 && S_ISDIR(st.st_mode))
		return git;
	text = read_text(path, ".git");
	named = text != NULL ? rest_of_line(text, "gitdir: ") : NULL;
	if (named != NULL)
		result = path_join(path, named);
	free(named);
	free(text);
	free(git);
	return result;
}

/* A worktree's refs and config are those of the main one. */
static char *
common_folder(const char *git)
{
	char *text = read_text(git, "commondir"), *name, *result;

	if (text == NULL)
		return xstrdup(git);
	name = rest_of_line(text, "");
	result = path_join(git, name);
	free(name);
	free(text);
	return result;
}

static bool
is_commit(const char *text)
{
	size_t len = strspn(text, HEX);

	return (len == SHA1_DIGITS || len == SHA256_DIGITS) &&
	    strchr(" \r\n", text[len]) != NULL;
}

static char *
find_packed(const char *packed, const char *ref)
{
	size_t hash, len;

	for (; *packed != '\0'; packed += len + (packed[len] == '\n')) {
		len = strcspn(packed, "\n");
		hash = strspn(packed, HEX);
		if (is_commit(packed) && len == hash + 1 + strlen(ref) &&
		    strncmp(packed + hash + 1, ref, strlen(ref)) == 0)
			return xstrndup(packed, hash);
	}
	return NULL;
}

static char *
read_commit(const char *git, const char *common)
{
	char *head = read_text(git, "HEAD"), *ref, *text = NULL, *commit = NULL;

	if (head == NULL)
		return NULL;
	ref = rest_of_line(head, "ref: ");
	if (ref == NULL && is_commit(head))
		commit = xstrndup(head, strspn(head, HEX));
	/* Git's own names of refs never lead out of the repository. */
	if (ref != NULL && ref[0] != '/' && strstr(ref, "..") == NULL)
		text = read_text(common, ref);
	if (text != NULL && is_commit(text))
		commit = xstrndup(text, strspn(text, HEX));
	free(text);
	text = NULL;
	if (ref != NULL && commit == NULL)
		text = read_text(common, "packed-refs");
	if (text != NULL)
		commit = find_packed(text, ref);
	free(text);
	free(ref);
	free(head);
	return commit;
}

static char *
read_remote(const char *common)
{
	char *text = read_text(common, "config"), *url = NULL;
	const char *line = text;
	bool origin = false;

	while (line != NULL && *line != '\0' && url == NULL) {
		line += strspn(line, " \t");
		if (line[0] == '[')
			origin = strncmp(line, "[remote \"origin\"]", 17) == 0;
		else if (origin)
			url = rest_of_line(line, "url = ");
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	free(text);
	/* A token in a URL is no business of the tracking server. */
	if (url != NULL)
		uri_clean(url);
	return url;
}

void
wandb_git_read(const char *directory, char **remote, char **commit)
{
	char *path = text_path_bytes(directory), *up, *git, *common;

	*remote = *commit = NULL;
	while ((git = git_folder(path)) == NULL && strcmp(path, "/") != 0 &&
	    strcmp(path, ".") != 0) {
		up = path_parent(path);
		free(path);
		path = up;
	}
	free(path);
	if (git == NULL)
		return;
	common = common_folder(git);
	*commit = read_commit(git, common);
	*remote = read_remote(common);
	free(common);
	free(git);
}
