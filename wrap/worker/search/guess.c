#include "wrap/worker/search/guess.h"

#include <fcntl.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "foreign/json.h"
#include "foreign/yaml.h"
#include "format/text.h"

#define CONFIG_MAX_BYTES (4 * 1024 * 1024)

/* The arguments behind `insidellms` that matter here, the last of each. */
struct arguments {
	bool harness;
	const char *run_dir, *run_root, *run_id, *output_dir, *output, *config;
};

/* Options that take a value, so that the value is no positional argument. */
static const char *const valued[] = {"--run-dir", "--run-root", "--run-id",
    "--output-dir", "--output", "--format", "--track", "--track-project",
    "--schema-version", "--concurrency", "--timeout", "--profile",
    "--report-title", "--config", "--max-examples"};

/* Returns the index behind the word that starts insideLLMs, or 0. */
static int
find_program(int argc, char *const *argv)
{
	for (int i = 0; i < argc; i++) {
		const char *base = path_base(argv[i]);

		if (strcmp(base, "insidellms") == 0)
			return i + 1;
		if (strcmp(argv[i], "-m") == 0 && i + 1 < argc &&
		    strncmp(argv[i + 1], "insideLLMs", 10) == 0)
			return i + 2;
	}
	return 0;
}

/* Is the word (up to a `=`) the option or an abbreviation of it that nothing
 * else begins with? */
static bool
is_option(const char *word, const char *option, size_t least)
{
	size_t len = strcspn(word, "=");

	return len >= least && len <= strlen(option) &&
	    strncmp(word, option, len) == 0;
}

static bool
takes_value(const char *word)
{
	if (word[1] != '-')
		return strchr("oc", word[1]) != NULL && word[2] == '\0';
	if (strchr(word, '=') != NULL)
		return false;
	for (size_t i = 0; i < sizeof valued / sizeof valued[0]; i++)
		if (is_option(word, valued[i], strlen(word) < 5 ? 99 : 5))
			return true;
	return false;
}

static bool
is_config_name(const char *word)
{
	const char *dot = strrchr(word, '.');

	return dot != NULL &&
	    (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0 ||
		strcmp(dot, ".json") == 0);
}

static void
take_option(struct arguments *a, const char *word, const char *next)
{
	const char *equals = strchr(word, '=');
	const char *value = equals != NULL ? equals + 1 : next;

	if (is_option(word, "--run-dir", strlen("--run-d")))
		a->run_dir = value;
	else if (is_option(word, "--run-root", strlen("--run-r")))
		a->run_root = value;
	else if (is_option(word, "--run-id", strlen("--run-i")))
		a->run_id = value;
	else if (a->harness && is_option(word, "--output-dir", strlen("--o")))
		a->output_dir = value;
	else if (!a->harness && is_option(word, "--output", strlen("--ou")))
		a->output = value;
	else if (strncmp(word, "-o", 2) == 0) {
		value = word[2] != '\0' ? word + 2 : next;
		if (a->harness)
			a->output_dir = value;
		else
			a->output = value;
	}
}

/* Returns false if there is neither `run` nor `harness`. */
static bool
read_arguments(struct arguments *a, int argc, char *const *argv)
{
	int i = find_program(argc, argv);
	bool known = false;

	for (; i > 0 && i < argc; i++) {
		const char *word = argv[i];
		const char *next = i + 1 < argc ? argv[i + 1] : NULL;

		if (word[0] == '-' && word[1] != '\0') {
			take_option(a, word, next);
			if (takes_value(word))
				i++;
		} else if (!known &&
		    (strcmp(word, "run") == 0 ||
			strcmp(word, "harness") == 0)) {
			known = true;
			a->harness = word[0] == 'h';
		} else if (known &&
		    (a->config == NULL ||
			(is_config_name(word) && !is_config_name(a->config)))) {
			a->config = word;
		}
	}
	return known;
}

/* Expands a leading ~ or ~user as Python's expanduser does, and makes the path
 * absolute. */
static char *
expand(const char *path, const char *base, const struct guess_from *from)
{
	size_t user_len = path[0] == '~' ? strcspn(path + 1, "/") : 0;
	const char *home = NULL;
	char *expanded, *absolute;

	if (path[0] == '~' && user_len == 0)
		home = from->environment("HOME", from->data);
	if (path[0] == '~' && home == NULL) {
		char *user = xstrndup(path + 1, user_len);
		const struct passwd *entry =
		    user_len > 0 ? getpwnam(user) : NULL;

		home = entry != NULL ? entry->pw_dir : NULL;
		free(user);
	}
	if (home != NULL)
		expanded = xasprintf("%s%s", home, path + 1 + user_len);
	else
		expanded = path_join(base, path);
	absolute = path_absolute(expanded);
	if (absolute == NULL)
		return expanded;
	free(expanded);
	return absolute;
}

/* The configuration is YAML or JSON; `output_dir` is a member of its top. JSON
 * is tried first: YAML has no pairs of surrogates. */
static char *
configured_dir(const char *config)
{
	struct buf text;
	cJSON *doc = NULL;
	char *value = NULL, *result;

	buf_init(&text, CONFIG_MAX_BYTES);
	if (file_read_all(AT_FDCWD, config, &text, NULL) == 0 && text.len > 0) {
		json_document(text.data, text.len, &doc, NULL);
		value = cJSON_IsObject(doc)
		    ? json_at_text_new(doc, "output_dir")
		    : yaml_member(text.data, text.len, "output_dir");
	}
	result = value != NULL ? text_path_bytes(value) : NULL;
	free(value);
	cJSON_Delete(doc);
	buf_release(&text);
	return result;
}

static char *
harness_dir(const struct arguments *a, const struct guess_from *from)
{
	char *config, *parent, *value, *dir = NULL;

	if (a->output_dir != NULL)
		return expand(a->output_dir, from->cwd, from);
	if (a->run_root != NULL || a->config == NULL)
		return NULL;
	config = expand(a->config, from->cwd, from);
	value = configured_dir(config);
	parent = path_parent(config);
	if (value != NULL && value[0] != '\0')
		dir = expand(value, parent, from);
	free(parent);
	free(value);
	free(config);
	return dir;
}

void
rundir_guess(struct rundir_guess *guess, int argc, char *const *argv,
    const struct guess_from *from)
{
	struct arguments a = {0};
	const char *variable =
	    from->environment("INSIDELLMS_RUN_ROOT", from->data);
	char *root;

	*guess = (struct rundir_guess){0};
	if (!read_arguments(&a, argc, argv))
		return;
	guess->names_insidellms = true;
	guess->harness = a.harness;
	if (a.config != NULL)
		guess->config_path = xstrdup(a.config);
	if (a.output != NULL && a.output[0] != '\0')
		guess->results = expand(a.output, from->cwd, from);
	if (a.run_dir != NULL)
		guess->dir = expand(a.run_dir, from->cwd, from);
	else if (a.harness)
		guess->dir = harness_dir(&a, from);
	if (guess->dir != NULL)
		return;
	if (a.run_root != NULL)
		root = expand(a.run_root, from->cwd, from);
	else if (variable != NULL && variable[0] != '\0')
		root = expand(variable, from->cwd, from);
	else
		root = expand("~/.insidellms/runs", from->cwd, from);
	if (a.run_id != NULL) {
		guess->dir = path_join(root, a.run_id);
		free(root);
	} else {
		guess->root = root;
	}
}

static const char *
own_variable(const char *name, void *data)
{
	(void)data;
	return getenv(name);
}

void
rundir_guess_own(struct rundir_guess *guess, int argc, char *const *argv)
{
	rundir_guess(guess, argc, argv,
	    &(struct guess_from){.cwd = "", .environment = own_variable});
}

void
rundir_guess_release(struct rundir_guess *guess)
{
	free(guess->dir);
	free(guess->root);
	free(guess->config_path);
	free(guess->results);
	*guess = (struct rundir_guess){0};
}
