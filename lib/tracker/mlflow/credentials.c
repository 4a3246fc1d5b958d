#include "tracker/mlflow/credentials.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/environment.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/path.h"
#include "tracker/common/settings_file.h"
#include "tracker/mlflow/variables.h"

/* The file has three lines. */
#define CREDENTIALS_MAX_BYTES (256 * 1024)

static char *
trimmed(const char *start, size_t len)
{
	while (len > 0 && strchr(" \t\r", start[0]) != NULL) {
		start++;
		len--;
	}
	while (len > 0 && strchr(" \t\r", start[len - 1]) != NULL)
		len--;
	return xstrndup(start, len);
}

static void
take_ini_line(struct mlflow_config *c, const char *line, bool *in_section)
{
	const char *equals = strpbrk(line, "=:");
	char **field = NULL;
	char *name;

	if (line[0] == '[') {
		*in_section = strcmp(line, "[mlflow]") == 0;
		return;
	}
	if (!*in_section || equals == NULL || line[0] == '#' || line[0] == ';')
		return;
	name = trimmed(line, (size_t)(equals - line));
	if (strcasecmp(name, "mlflow_tracking_username") == 0)
		field = &c->user;
	else if (strcasecmp(name, "mlflow_tracking_password") == 0)
		field = &c->password;
	free(name);
	if (field != NULL && *field == NULL)
		*field = trimmed(equals + 1, strlen(equals + 1));
}

int
mlflow_credentials_take(struct mlflow_config *c, struct err *err)
{
	const char *home = environment_value("HOME");
	bool in_section = false;
	struct buf text;
	char *path, *line, *next;
	int there;

	if (home == NULL)
		return 0;
	path = path_join(home, ".mlflow/credentials");
	buf_init(&text, CREDENTIALS_MAX_BYTES);
	there = settings_file_read(path, &text, &c->denied, err);
	if (there > 0)
		for (line = text.data; line != NULL; line = next) {
			char *whole;

			next = strchr(line, '\n');
			if (next != NULL)
				*next++ = '\0';
			whole = trimmed(line, strlen(line));
			take_ini_line(c, whole, &in_section);
			free(whole);
		}
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	buf_release(&text);
	free(path);
	return there < 0 ? there : 0;
}
