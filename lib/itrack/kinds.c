#include "itrack/kinds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "base/uri.h"
#include "format/number.h"
#include "format/text.h"
#include "format/trackinguri.h"
#include "itrack/handle.h"
#include "journal/journal.h"

#define DRAIN_SECONDS  10
#define DRAIN_VARIABLE "ITRACK_DRAIN"
/* A day: more is a mistake. */
#define DRAIN_SECONDS_MAX 86400

static const struct kind kinds[] = {
    {.name = "local", .root = "local-dir", .with_project = true},
    {.name = "tensorboard",
	.root = "tensorboard-dir",
	.iso_names = true,
	.histograms = true},
    {.name = "mlflow", .tables = TABLES_ARTIFACT, .models = true},
    {.name = "wandb", .tables = TABLES_ROWS, .histograms = true},
};

#define KIND_COUNT (sizeof kinds / sizeof kinds[0])

enum row_form {
	ROW_TEXT,
	ROW_PATH, /* made absolute */
	ROW_URI,  /* or a path, if it has no colon */
	ROW_URL,
};

struct option_row {
	const char *kind;
	const char *name;     /* in the interface */
	const char *option;   /* the tracker's name for it */
	const char *variable; /* counts where it is not given, or NULL */
	const char *fallback; /* or NULL */
	enum row_form form;
	const char *https_only; /* ROW_URL: as in base/uri.h */
};

static const struct option_row rows[] = {
    {"local", "output_dir", "local-dir", NULL, "./experiments", ROW_PATH, NULL},
    {"tensorboard", "log_dir", "tensorboard-dir", NULL, "./runs", ROW_PATH,
	NULL},
    {"mlflow", "tracking_uri", "mlflow-uri", "MLFLOW_TRACKING_URI", NULL,
	ROW_URI, NULL},
    {"mlflow", "experiment_name", "mlflow-experiment", "MLFLOW_EXPERIMENT_NAME",
	NULL, ROW_TEXT, NULL},
    {"wandb", "project", NULL, NULL, NULL, ROW_TEXT, NULL},
    {"wandb", "entity", "wandb-entity", "WANDB_ENTITY", NULL, ROW_TEXT, NULL},
    {"wandb", "mode", "wandb-mode", "WANDB_MODE", NULL, ROW_TEXT, NULL},
    {"wandb", "base_url", "wandb-base-url", "WANDB_BASE_URL", NULL, ROW_URL,
	"wandb.ai"},
    {"wandb", "dir", "wandb-dir", "WANDB_DIR", NULL, ROW_PATH, NULL},
};

#define ROW_COUNT (sizeof rows / sizeof rows[0])

static int
find_kind(const struct kind **kind, const char *name, struct err *err)
{
	struct buf known;

	for (size_t i = 0; i < KIND_COUNT; i++)
		if (strcmp(kinds[i].name, name) == 0) {
			*kind = &kinds[i];
			return 0;
		}
	buf_init(&known, ERR_MESSAGE_MAX);
	for (size_t i = 0; i < KIND_COUNT; i++)
		buf_addf(&known, "%s%s", i > 0 ? ", " : "", kinds[i].name);
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

/* As it may be recorded. A login goes to the worker's environment, where it is
 * looked for. */
static char *
take_uri(struct settings *s, const struct option_row *row, const char *value)
{
	char *clean = xstrdup(value), *text;
	struct uri uri;

	if (uri_split(value, &uri) && uri.user.start != NULL &&
	    row->variable != NULL)
		s->login = xasprintf("%s=%s", row->variable, value);
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
take_tracking_uri(struct settings *s, const struct option_row *row,
    const char *value, struct err *err)
{
	char why[TRACKING_URI_MESSAGE_MAX];

	switch (tracking_uri_kind(value)) {
	case TRACKING_URI_NAME:
		if (access(value, F_OK) == 0)
			return add_path(s, row->option, value, err);
		break;
	case TRACKING_URI_PATH:
		if (value[0] != '~')
			return add_path(s, row->option, value, err);
		/* The worker, which has our HOME, finds it. */
		add_option(s, row->option, text_of_bytes(value));
		return 0;
	case TRACKING_URI_UNKNOWN:
		break;
	default:
		add_option(s, row->option, take_uri(s, row, value));
		return 0;
	}
	tracking_uri_complain(value, why, sizeof why);
	return err_set(err, -EINVAL, "%s: %s", row->name, why);
}

static int
take_row(struct settings *s, const struct option_row *row, const char *value,
    struct err *err)
{
	const char *unfit =
	    row->form == ROW_URL ? uri_unfit(value, row->https_only) : NULL;

	if (strcmp(row->name, "mode") == 0 && strcmp(value, "online") != 0 &&
	    strcmp(value, "offline") != 0 && strcmp(value, "disabled") != 0)
		return err_set(err, -EINVAL,
		    "mode is online or offline, not %.64s", value);
	if (unfit != NULL)
		return err_set(err, -EINVAL, "%s %s", row->name, unfit);
	if (row->option == NULL) {
		free(s->project);
		s->project = text_of_bytes(value);
	} else if (row->form == ROW_PATH) {
		return add_path(s, row->option, value, err);
	} else if (row->form == ROW_URI) {
		return take_tracking_uri(s, row, value, err);
	} else {
		add_option(s, row->option,
		    row->form == ROW_TEXT ? text_of_bytes(value)
					  : take_uri(s, row, value));
	}
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

/* An option that is there for every kind, or unknown. */
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

static const struct option_row *
find_row(const struct kind *kind, const char *name)
{
	for (size_t i = 0; i < ROW_COUNT; i++)
		if (strcmp(rows[i].kind, kind->name) == 0 &&
		    strcmp(rows[i].name, name) == 0)
			return &rows[i];
	return NULL;
}

static int
take_options(struct settings *s, const struct itrack_option *options,
    size_t count, struct err *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct option_row *row;
		int result;

		if (options[i].name == NULL)
			return err_set(err, -EINVAL, "an option without name");
		row = find_row(s->kind, options[i].name);
		if (options[i].value == NULL && row != NULL)
			continue;
		if (options[i].value == NULL || options[i].value[0] == '\0')
			return err_set(err, -EINVAL,
			    "the option %.64s is empty", options[i].name);
		result = row != NULL ? take_row(s, row, options[i].value, err)
				     : take_common(s, &options[i], err);
		if (result < 0)
			return result;
	}
	return 0;
}

static int
take_defaults(struct settings *s, struct err *err)
{
	for (size_t i = 0; i < ROW_COUNT; i++) {
		const char *value = NULL;

		if (strcmp(rows[i].kind, s->kind->name) != 0 ||
		    rows[i].option == NULL ||
		    settings_option(s, rows[i].option) != NULL)
			continue;
		if (strcmp(rows[i].option, "mlflow-experiment") == 0 &&
		    s->experiment_name != NULL)
			value = s->experiment_name;
		if (value == NULL && rows[i].variable != NULL)
			value = secure_getenv(rows[i].variable);
		if (value == NULL || value[0] == '\0')
			value = rows[i].fallback;
		if (value != NULL && take_row(s, &rows[i], value, err) < 0)
			return err->code;
	}
	return 0;
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

static int
take_state_dir(struct settings *s, struct err *err)
{
	if (s->state_dir == NULL)
		s->state_dir = journal_state_dir();
	if (s->state_dir == NULL)
		return err_set(err, -ENOENT,
		    "neither XDG_STATE_HOME nor HOME names a directory");
	return 0;
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
settings_init(struct settings *s, const char *kind,
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
		result = take_state_dir(s, err);
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
	return result == 0 ? take_state_dir(s, err) : result;
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
settings_release(struct settings *s)
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
	if (s->login != NULL)
		explicit_bzero(s->login, strlen(s->login));
	free(s->login);
	free(s->state_dir);
}

const char *
settings_option(const struct settings *s, const char *name)
{
	for (size_t i = 0; i < s->option_len; i++)
		if (strcmp(s->options[i].name, name) == 0)
			return s->options[i].text;
	return NULL;
}
