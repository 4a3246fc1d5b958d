#include "tracker/wandb_settings.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "format/text.h"

#define DEFAULT_BASE_URL "https://api.wandb.ai"
#define KEY_MIN_LENGTH   40
/* A netrc of a busy user has a few kB. */
#define SETTINGS_FILE_MAX (1024 * 1024)
#define BLANKS            " \t\r\n"

char *
wandb_url_host(const char *url)
{
	const char *scheme = strstr(url, "://");
	const char *host = scheme != NULL ? scheme + 3 : url;
	size_t len = strcspn(host, "/?#");
	const char *user = memrchr(host, '@', len);

	if (user != NULL) {
		len -= (size_t)(user + 1 - host);
		host = user + 1;
	}
	return xstrndup(host, len);
}

/* The next word, as netrc cuts them; false at the end. */
static bool
next_word(const char **text, char **word)
{
	size_t len;

	*text += strspn(*text, BLANKS);
	len = strcspn(*text, BLANKS);
	free(*word);
	*word = xstrndup(*text, len);
	*text += len;
	return len > 0;
}

char *
wandb_netrc_password(const char *text, const char *machine)
{
	char *word = NULL, *password = NULL;
	const char *end;
	bool ours = false;

	while (password == NULL && next_word(&text, &word)) {
		if (word[0] == '#') {
			text += strcspn(text, "\n");
		} else if (strcmp(word, "macdef") == 0) {
			/* A macro ends with an empty line. */
			end = strstr(text, "\n\n");
			text = end != NULL ? end : text + strlen(text);
		} else if (strcmp(word, "default") == 0) {
			/* A key for everybody is none for W&B. */
			ours = false;
		} else if (strcmp(word, "machine") == 0) {
			ours = next_word(&text, &word) &&
			    strcasecmp(word, machine) == 0;
		} else if (strcmp(word, "password") == 0 &&
		    next_word(&text, &word) && ours) {
			password = xstrdup(word);
		}
	}
	free(word);
	return password;
}

/* Without the blanks around it; allocated. */
static char *
trimmed(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[0])) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	return xstrndup(text, len);
}

char *
wandb_ini_value(const char *text, const char *name)
{
	bool in_default = false;
	char *value = NULL, *key;
	const char *sign;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (text[0] == '[') {
			in_default = strncmp(text, "[default]", 9) == 0;
			continue;
		}
		sign = memchr(text, '=', len);
		if (!in_default || sign == NULL || strchr("#;", text[0]))
			continue;
		key = trimmed(text, (size_t)(sign - text));
		if (strcmp(key, name) == 0) {
			free(value);
			value =
			    trimmed(sign + 1, (size_t)(text + len - sign - 1));
		}
		free(key);
	}
	return value;
}

bool
wandb_key_is_valid(const char *key)
{
	const char *dash = strrchr(key, '-');
	const char *secret = dash != NULL ? dash + 1 : key;

	return strlen(secret) >= KEY_MIN_LENGTH && strpbrk(key, BLANKS) == NULL;
}

/* NULL: not set or empty. */
static const char *
variable(const char *name)
{
	const char *value = getenv(name);

	return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The content as a string, or NULL; files that can't be read are none. */
static char *
read_text(const char *path)
{
	struct buf text;
	char *result = NULL;

	buf_init(&text, SETTINGS_FILE_MAX);
	if (file_read_all(AT_FDCWD, path, &text, NULL) == 0)
		result = buf_steal(&text);
	buf_release(&text);
	return result;
}

static char *
home_file(const char *name)
{
	const char *home = variable("HOME");

	return home != NULL ? path_join(home, name) : NULL;
}

static void
replace(char **text, const char *with)
{
	if (with == NULL || with[0] == '\0')
		return;
	free(*text);
	*text = xstrdup(with);
}

static void
take_file(struct wandb_settings *s, char *path)
{
	char *text = path != NULL ? read_text(path) : NULL;
	char *value;

	if (text != NULL) {
		value = wandb_ini_value(text, "base_url");
		replace(&s->base_url, value);
		free(value);
		value = wandb_ini_value(text, "entity");
		replace(&s->entity, value);
		free(value);
		value = wandb_ini_value(text, "project");
		replace(&s->project, value);
		free(value);
	}
	free(text);
	free(path);
}

static char *
netrc_key(const char *machine)
{
	static const char *const names[] = {".netrc", "_netrc"};
	const char *named = variable("NETRC");
	char *text = NULL, *path, *key = NULL;
	size_t i;

	if (named != NULL)
		text = read_text(named);
	for (i = 0; named == NULL && text == NULL && i < 2; i++) {
		path = home_file(names[i]);
		text = path != NULL ? read_text(path) : NULL;
		free(path);
	}
	if (text != NULL)
		key = wandb_netrc_password(text, machine);
	free(text);
	return key;
}

static void
find_key(struct wandb_settings *s)
{
	char *host = wandb_url_host(s->base_url);
	const char *key = variable("WANDB_API_KEY");

	s->key = key != NULL ? xstrdup(key) : netrc_key(host);
	free(host);
	if (s->key == NULL) {
		s->why_no_key = "no W&B key found (WANDB_API_KEY or netrc)";
	} else if (!wandb_key_is_valid(s->key)) {
		explicit_bzero(s->key, strlen(s->key));
		free(s->key);
		s->key = NULL;
		s->why_no_key = "the W&B key is malformed (a key has 40 "
				"characters or more)";
	}
}

static void
find_mode(struct wandb_settings *s, const struct wandb_wishes *wishes)
{
	const char *mode = wishes->mode;

	if (mode == NULL)
		mode = variable("WANDB_MODE");
	s->mode_given = mode != NULL;
	if (mode == NULL)
		s->mode = s->key != NULL ? WANDB_ONLINE : WANDB_OFFLINE;
	else if (strcmp(mode, "disabled") == 0)
		s->mode = WANDB_DISABLED;
	else if (strcmp(mode, "offline") == 0 || strcmp(mode, "dryrun") == 0)
		s->mode = WANDB_OFFLINE;
	else
		s->mode = WANDB_ONLINE;
}

/* The folder that W&B's own folder is in, as the bytes of a path. */
static char *
find_parent(const struct wandb_wishes *wishes)
{
	char *cwd =
	    wishes->cwd != NULL ? text_path_bytes(wishes->cwd) : xstrdup(".");
	char *path, *result;

	if (wishes->dir != NULL)
		path = text_path_bytes(wishes->dir);
	else if (variable("WANDB_DIR") != NULL)
		path = xstrdup(variable("WANDB_DIR"));
	else /* W&B's own way out of a place that can't be written */
		path = xstrdup(access(cwd, W_OK) == 0 ? cwd : P_tmpdir);
	result = path_join(cwd, path);
	free(path);
	free(cwd);
	return result;
}

/* <parent>/.wandb if that exists, else <parent>/wandb. */
static char *
find_root(const struct wandb_wishes *wishes)
{
	char *parent = find_parent(wishes);
	char *hidden = path_join(parent, ".wandb");
	struct stat st;

	if (stat(hidden, &st) < 0 || !S_ISDIR(st.st_mode)) {
		free(hidden);
		hidden = path_join(parent, "wandb");
	}
	free(parent);
	return hidden;
}

static void
cut_slashes(char *url)
{
	size_t len = strlen(url);

	while (len > 0 && url[len - 1] == '/')
		url[--len] = '\0';
}

void
wandb_settings_load(struct wandb_settings *s, const struct wandb_wishes *wishes)
{
	const char *folder = variable("WANDB_CONFIG_DIR");

	*s = (struct wandb_settings){.base_url = xstrdup(DEFAULT_BASE_URL)};
	s->root = find_root(wishes);
	take_file(s,
	    folder != NULL ? path_join(folder, "settings")
			   : home_file(".config/wandb/settings"));
	take_file(s, path_join(s->root, "settings"));
	replace(&s->base_url, variable("WANDB_BASE_URL"));
	replace(&s->base_url, wishes->base_url);
	cut_slashes(s->base_url);
	replace(&s->entity, variable("WANDB_ENTITY"));
	replace(&s->entity, wishes->entity);
	replace(&s->project, variable("WANDB_PROJECT"));
	find_key(s);
	find_mode(s, wishes);
}

void
wandb_settings_release(struct wandb_settings *s)
{
	if (s->key != NULL)
		explicit_bzero(s->key, strlen(s->key));
	free(s->key);
	free(s->base_url);
	free(s->root);
	free(s->entity);
	free(s->project);
	*s = (struct wandb_settings){0};
}
