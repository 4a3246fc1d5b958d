#include "itrack/settings.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/number.h"
#include "format/text.h"
#include "format/trackinguri.h"
#include "itrack/handle.h"
#include "journal/state_dir.h"

#define DRAIN_SECONDS  30
#define DRAIN_VARIABLE "ITRACK_DRAIN"
/* The longest drain is a day; a longer one is a mistake. */
#define DRAIN_SECONDS_MAX 86400

static int
find_kind(const struct tracker_about **kind, const char *name, struct err *err)
{
	const struct tracker_about *about;
	struct buf known;

	*kind = tracker_about_find(name);
	if (*kind != NULL && !(*kind)->hidden)
		return 0;
	buf_init(&known, ERR_MESSAGE_MAX);
	for (size_t i = 0; (about = tracker_about_at(i)) != NULL; i++)
		if (!about->hidden)
			buf_addf(
			    &known, "%s%s", i > 0 ? ", " : "", about->name);
	err_set(err, -EINVAL, "unknown tracker %.64s: choose from %s", name,
	    known.data);
	buf_release(&known);
	return -EINVAL;
}

static void
add_option(struct settings *s, const char *name, char *text)
{
	struct pair *pair;

	s->options =
	    xreallocarray(s->options, s->option_len + 1, sizeof *s->options);
	pair = &s->options[s->option_len++];
	pair->name = xstrdup(name);
	pair->text = text;
}

/* The value in the form that may be recorded. A login goes to the worker's
 * environment, where the tracker looks for it. */
static char *
take_uri(
    struct settings *s, const struct about_option *option, const char *value)
{
	char *clean = xstrdup(value), *text;
	struct uri uri;

	if (uri_split(value, &uri) && uri.user.start != NULL &&
	    option->variable != NULL)
		s->login = xasprintf("%s=%s", option->variable, value);
	uri_clean(clean);
	text = text_of_bytes(clean);
	free(clean);
	return text;
}

static int
add_path(
    struct settings *s, const char *option, const char *value, struct err *err)
{
	char *path = path_absolute(value);

	if (path == NULL)
		return err_errno(err, "no working directory");
	add_option(s, option, text_path_text(path));
	free(path);
	return 0;
}

static int
take_tracking_uri(struct settings *s, const struct about_option *option,
    const char *value, struct err *err)
{
	char why[TRACKING_URI_MESSAGE_MAX], *path;
	struct tracking_place place;
	struct err unseen = ERR_INIT;
	int there = file_look(AT_FDCWD, value, 0, NULL, &unseen);
	int result = 0;

	tracking_uri_read(&place, value, secure_getenv("HOME"), there > 0);
	if (place.kind == TRACKING_URI_PATH) {
		path = xasprintf("%s%s", place.before, place.path);
		result = add_path(s, option->name, path, err);
		free(path);
	} else if (place.kind == TRACKING_URI_UNKNOWN && there < 0) {
		result = err_set(err, there, "%s", unseen.message);
	} else if (place.kind == TRACKING_URI_UNKNOWN) {
		tracking_uri_complain(value, why, sizeof why);
		result = err_set(err, -EINVAL, "%s: %s", option->library, why);
	} else {
		add_option(s, option->name, take_uri(s, option, value));
	}
	return result;
}

/* Is it one of "online|offline"? */
static bool
is_choice(const char *choices, const char *value)
{
	size_t len = strlen(value);

	for (const char *at = choices; *at != '\0'; at += *at == '|' ? 1 : 0) {
		size_t word = strcspn(at, "|");

		if (word == len && strncmp(at, value, len) == 0)
			return true;
		at += word;
	}
	return false;
}

static int
take_option(struct settings *s, const struct about_option *option,
    const char *value, struct err *err)
{
	char why[URI_WHY_MAX];

	switch (option->form) {
	case FORM_PATH:
		return add_path(s, option->name, value, err);
	case FORM_TRACKING_URI:
		return take_tracking_uri(s, option, value, err);
	case FORM_URL:
		if (!uri_is_fit(value, option->choices, why))
			return err_set(
			    err, -EINVAL, "%s %s", option->library, why);
		add_option(s, option->name, take_uri(s, option, value));
		return 0;
	case FORM_CHOICE:
		if (!is_choice(option->choices, value))
			return err_set(err, -EINVAL, "%s is %s, not %.64s",
			    option->library, option->argument, value);
		break;
	default:
		break;
	}
	add_option(s, option->name, text_of_bytes(value));
	return 0;
}

static int
take_seconds(double *seconds, const char *value, struct err *err)
{
	char *end;

	*seconds = strtod_l(value, &end, number_locale());
	if (end == value || *end != '\0' || !(*seconds >= 0) ||
	    *seconds > DRAIN_SECONDS_MAX)
		return err_set(err, -EINVAL,
		    "drain is a number of seconds from 0 to %d",
		    DRAIN_SECONDS_MAX);
	return 0;
}

/* Takes an option that every kind has; any other is unknown. */
static int
take_common(
    struct settings *s, const struct itrack_option *option, struct err *err)
{
	if (strcmp(option->name, "drain") == 0)
		return take_seconds(&s->drain_seconds, option->value, err);
	if (strcmp(option->name, "state_dir") == 0) {
		free(s->state_dir);
		s->state_dir = path_absolute(option->value);
		return 0;
	}
	return err_set(err, -EINVAL, "%s has no option %.64s",
	    s->kind != NULL ? s->kind->name : "an open run", option->name);
}

static const struct about_option *
find_option(const struct tracker_about *kind, const char *name)
{
	for (size_t i = 0; i < kind->option_count; i++)
		if (kind->options[i].library != NULL &&
		    strcmp(kind->options[i].library, name) == 0)
			return &kind->options[i];
	return NULL;
}

/* Does the option stand for the config's project? */
static bool
is_project(const struct settings *s, const char *name)
{
	return s->kind->library_project != NULL &&
	    strcmp(s->kind->library_project, name) == 0;
}

static int
take_given(
    struct settings *s, const struct itrack_option *given, struct err *err)
{
	const struct about_option *option;
	bool project;

	if (given->name == NULL)
		return err_set(err, -EINVAL, "an option without name");
	option = find_option(s->kind, given->name);
	project = is_project(s, given->name);
	if (given->value == NULL && (option != NULL || project))
		return 0;
	if (given->value == NULL || given->value[0] == '\0')
		return err_set(
		    err, -EINVAL, "the option %.64s is empty", given->name);
	if (option != NULL)
		return take_option(s, option, given->value, err);
	if (!project)
		return take_common(s, given, err);
	free(s->project);
	s->project = text_of_bytes(given->value);
	return 0;
}

static int
take_options(struct settings *s, const struct itrack_option *options,
    size_t count, struct err *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < count; i++)
		result = take_given(s, &options[i], err);
	return result;
}

static int
take_defaults(struct settings *s, struct err *err)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < s->kind->option_count; i++) {
		const struct about_option *option = &s->kind->options[i];
		const char *value = NULL;

		if (option->library == NULL ||
		    settings_option(s, option->name) != NULL)
			continue;
		if (option->library_experiment)
			value = s->experiment_name;
		if (value == NULL && option->variable != NULL &&
		    !option->library_alone)
			value = secure_getenv(option->variable);
		if (value == NULL || value[0] == '\0')
			value = option->library_default;
		if (value != NULL)
			result = take_option(s, option, value, err);
	}
	return result;
}

static int
take_config(
    struct settings *s, const struct itrack_config *given, struct err *err)
{
	struct itrack_config config = ITRACK_CONFIG_INIT;

	if (given != NULL && given->size < sizeof given->size)
		return err_set(err, -EINVAL,
		    "config.size is not set: start from ITRACK_CONFIG_INIT");
	if (given != NULL)
		memcpy(&config, given,
		    given->size < sizeof config ? given->size : sizeof config);
	if (config.project == NULL || config.project[0] == '\0')
		return err_set(err, -EINVAL, "config.project is empty");
	s->project = text_of_bytes(config.project);
	if (config.experiment_name != NULL && config.experiment_name[0] != '\0')
		s->experiment_name = text_of_bytes(config.experiment_name);
	if (config.notes != NULL)
		s->notes = text_of_bytes(config.notes);
	s->log_artifacts = config.log_artifacts;
	s->log_code = config.log_code;
	s->auto_log_metrics = config.auto_log_metrics;
	s->tags = xcalloc(config.tag_count, sizeof *s->tags);
	for (size_t i = 0; i < config.tag_count; i++) {
		if (config.tags == NULL || config.tags[i] == NULL)
			return err_set(err, -EINVAL, "a tag is NULL");
		s->tags[s->tag_len++] = text_of_bytes(config.tags[i]);
	}
	return 0;
}

int
settings_no_state_dir(struct err *err)
{
	return err_set(
	    err, -ENOENT, "neither XDG_STATE_HOME nor HOME names a directory");
}

static void
take_state_dir(struct settings *s)
{
	if (s->state_dir == NULL)
		s->state_dir = state_dir_path();
}

static int
take_drain(struct settings *s, struct err *err)
{
	const char *drain = secure_getenv(DRAIN_VARIABLE);

	s->drain_seconds = DRAIN_SECONDS;
	if (drain == NULL || drain[0] == '\0')
		return 0;
	return take_seconds(&s->drain_seconds, drain, err);
}

int
kind_settings_init(struct settings *s, const char *kind,
    const struct itrack_config *config, const struct itrack_option *options,
    size_t option_count, struct err *err)
{
	int result = find_kind(&s->kind, kind, err);

	if (result == 0)
		result = take_drain(s, err);
	if (result == 0)
		result = take_config(s, config, err);
	if (result == 0)
		result = take_options(s, options, option_count, err);
	if (result == 0)
		result = take_defaults(s, err);
	if (result == 0)
		take_state_dir(s);
	return result;
}

int
settings_common(struct settings *s, const struct itrack_option *options,
    size_t option_count, struct err *err)
{
	int result = take_drain(s, err);

	for (size_t i = 0; result == 0 && i < option_count; i++)
		if (options[i].name == NULL || options[i].value == NULL ||
		    options[i].value[0] == '\0')
			result = err_set(err, -EINVAL, "an empty option");
		else
			result = take_common(s, &options[i], err);
	take_state_dir(s);
	return result;
}

int
settings_recall(
    struct settings *s, const struct entry_start *start, struct err *err)
{
	const struct target *target = &start->targets[0];
	int result = start->target_len == 1
	    ? find_kind(&s->kind, target->tracker, err)
	    : err_set(err, -EBADMSG, "a journal of no single tracker");

	if (result < 0)
		return result;
	for (size_t i = 0; i < target->option_len; i++)
		if (strcmp(target->options[i].name, PLACE_OPTION) != 0)
			add_option(s, target->options[i].name,
			    xstrdup(target->options[i].text));
	s->project = xstrdup(start->project);
	if (start->experiment_name != NULL)
		s->experiment_name = xstrdup(start->experiment_name);
	if (start->notes != NULL)
		s->notes = xstrdup(start->notes);
	s->tags = xcalloc(start->tag_len, sizeof *s->tags);
	for (size_t i = 0; i < start->tag_len; i++)
		s->tags[s->tag_len++] = xstrdup(start->tags[i]);
	s->log_artifacts = s->auto_log_metrics = true;
	return 0;
}

void
kind_settings_release(struct settings *s)
{
	for (size_t i = 0; i < s->tag_len; i++)
		free(s->tags[i]);
	free(s->tags);
	for (size_t i = 0; i < s->option_len; i++) {
		free(s->options[i].name);
		free(s->options[i].text);
	}
	free(s->options);
	free(s->project);
	free(s->experiment_name);
	free(s->notes);
	xfree_secret(s->login);
	free(s->state_dir);
}

const char *
settings_option(const struct settings *s, const char *name)
{
	return pairs_get(s->options, s->option_len, name);
}
