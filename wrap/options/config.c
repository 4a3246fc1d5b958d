/* The configuration file: where it is looked for, how a line is read, and
 * which options it may not set, because they are for one call. */
#include "wrap/options/private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A config file is some lines of text; more is something else. */
#define CONFIG_MAX_BYTES 65536

/* An option that means one call only has no place in a file. */
static bool
for_file(const struct option_row *row)
{
	switch (row->id) {
	case OPT_HELP:
	case OPT_VERSION:
	case OPT_RUN_DIR:
	case OPT_ALL:
	case OPT_PROJECT:
	case OPT_AGAIN:
	case OPT_FOLLOW:
	case OPT_SINCE:
	case OPT_DROP:
	case OPT_OLDER_THAN:
	case OPT_DRY_RUN:
		return false;
	default:
		return true;
	}
}

static int
unknown(struct parse *p, const char *name)
{
	char hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	if (options_successor(name) != NULL)
		return options_complain(p, "unknown option %s: %s replaced it",
		    name, options_successor(name));
	nearest_init(&nearest, name);
	for (int i = 0; i < options_count(); i++)
		if (for_file(options_at(i)))
			nearest_offer(&nearest, options_at(i)->name);
	nearest_hint(&nearest, "", hint);
	return options_complain(p, "unknown option %.80s%s", name, hint);
}

/* Cuts blanks at both ends. */
static char *
trim(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len > 0 && strchr(" \t\r", text[len - 1]) != NULL)
		len--;
	text[len] = '\0';
	return text;
}

/* The value without comment and quotes: a # at the start or behind a blank
 * begins a comment, unless it is between double quotes. */
static char *
value_of(struct parse *p, char *text)
{
	text = trim(text);
	if (text[0] == '"') {
		char *end = strchr(++text, '"');
		char *rest = end != NULL ? trim(end + 1) : NULL;

		if (end == NULL || (rest[0] != '\0' && rest[0] != '#')) {
			options_complain(p, "one double quote too few or many");
			return NULL;
		}
		*end = '\0';
		return text;
	}
	for (char *c = text; *c != '\0'; c++)
		if (*c == '#' && (c == text || c[-1] == ' ' || c[-1] == '\t')) {
			*c = '\0';
			break;
		}
	return trim(text);
}

/* No shell has seen a path in a file: ~/ is the home directory here too. */
static char *
expand(const struct option_row *row, char *value)
{
	const char *home = getenv("HOME");
	char path[PATH_MAX];
	int len;

	if (row->form != FORM_PATH || strncmp(value, "~/", 2) != 0 ||
	    home == NULL || home[0] == '\0')
		return value;
	len = snprintf(path, sizeof(path), "%s%s", home, value + 1);
	if (len < 0 || (size_t)len >= sizeof(path))
		return value;
	return options_keep(path, (size_t)len);
}

static int
read_line(struct parse *p, char *line)
{
	const struct option_row *row;
	char *equals, *name, *value;

	line = trim(line);
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	equals = strchr(line, '=');
	if (equals == NULL)
		return options_complain(p, "not of the form name = value");
	*equals = '\0';
	name = trim(line);
	row = options_row(name, strlen(name));
	if (row == NULL || !for_file(row))
		return unknown(p, name);
	if ((value = value_of(p, equals + 1)) == NULL)
		return -1;
	if ((value = expand(row, value)) == NULL)
		return options_complain(p, "out of memory");
	return options_set(p, row, name, value, FROM_FILE);
}

int
options_config_text(
    struct parse *p, const char *path, const char *text, size_t len)
{
	char *rest = options_keep(text, len);
	char *line;
	int result = 0;

	p->file = path;
	p->line = 1;
	if (rest == NULL)
		result = options_complain(p, "out of memory");
	else if (strlen(rest) != len)
		result = options_complain(p, "not a text file");
	for (; result == 0 && (line = strsep(&rest, "\n")) != NULL; p->line++)
		result = read_line(p, line);
	p->file = NULL;
	return result;
}

/* As the XDG base directory specification says: a relative path is none. */
static bool
config_path(char path[PATH_MAX])
{
	const char *dir = getenv("XDG_CONFIG_HOME");
	const char *below = "";
	int len;

	if (dir == NULL || dir[0] != '/') {
		dir = getenv("HOME");
		below = "/.config";
	}
	if (dir == NULL || dir[0] != '/')
		return false;
	len = snprintf(path, PATH_MAX, "%s%s/itrack/config", dir, below);
	return len > 0 && len < PATH_MAX;
}

static ssize_t
read_all(int fd, char *text, size_t size)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < size && n != 0) {
		n = read(fd, text + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += (size_t)n;
	}
	return (ssize_t)len;
}

int
options_config(struct parse *p)
{
	char path[PATH_MAX];
	char *text = NULL;
	struct stat st;
	ssize_t len;
	int fd, result = -1;

	if (!config_path(path))
		return 0;
	/* We don't block: whatever the file is, even a FIFO, must not hold us
	 * up. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	/* No permission: the home directory of someone else, as for a service
	 * that has left root behind. Git reads on there, too. */
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == EACCES))
		return 0;
	if (fd < 0)
		return options_complain(p, "%.300s: %s", path, strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		options_complain(p, "%.300s is not a regular file", path);
		goto out;
	}
	text = malloc(CONFIG_MAX_BYTES + 1);
	len = text != NULL ? read_all(fd, text, CONFIG_MAX_BYTES + 1) : -1;
	if (len < 0)
		options_complain(p, "%.300s: %s", path, strerror(errno));
	else if (len > CONFIG_MAX_BYTES)
		options_complain(p, "%.300s is longer than %d bytes", path,
		    CONFIG_MAX_BYTES);
	else
		result = options_config_text(p, path, text, (size_t)len);
out:
	free(text);
	close(fd);
	return result;
}
