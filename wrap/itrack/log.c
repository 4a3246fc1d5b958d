/* itrack log: one run in one call or in several, for shell pipelines; a user of
 * itrack.h. */
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/number.h"
#include "itrack.h"
#include "wrap/itrack/command.h"

/* One for each tracker, and room. */
#define TRACKERS_MAX 32

/* What is to be logged, taken apart. */
struct items {
	struct itrack_metric metrics[OPTIONS_ITEMS_MAX];
	struct itrack_param params[OPTIONS_ITEMS_MAX];
	size_t metric_len, param_len;
};

/* NAME=NUMBER */
static bool
take_metric(struct items *items, const char *text)
{
	const char *value = strchr(text, '=') + 1;
	double number;

	if (!number_parse(value, &number))
		return false;
	items->metrics[items->metric_len++] = (struct itrack_metric){
	    xstrndup(text, (size_t)(value - 1 - text)), number};
	return true;
}

static void
take_param(struct items *items, const char *text)
{
	const char *value = strchr(text, '=') + 1;

	items->params[items->param_len++] = (struct itrack_param){
	    .name = xstrndup(text, (size_t)(value - 1 - text)),
	    .value = {.type = ITRACK_TEXT, .u = {.text = value}}};
}

static int
take_items(struct items *items, const struct options *o)
{
	for (size_t i = 0; i < o->item_len; i++) {
		const char *value = o->items[i].value;

		if (o->items[i].id == OPT_PARAM)
			take_param(items, value);
		if (o->items[i].id == OPT_METRIC && !take_metric(items, value))
			return command_usage(&command_log,
			    "--metric is \"%.60s\", not NAME=NUMBER", value);
	}
	return STATUS_OK;
}

static void
release_items(struct items *items)
{
	for (size_t i = 0; i < items->metric_len; i++)
		free((char *)(uintptr_t)items->metrics[i].name);
	for (size_t i = 0; i < items->param_len; i++)
		free((char *)(uintptr_t)items->params[i].name);
}

static int
create(struct itrack_tracker **t, const char *kind, const struct options *o,
    struct itrack_error *err)
{
	struct itrack_config config = ITRACK_CONFIG_INIT;
	struct itrack_option options[OPTIONS_MAX];
	size_t count = 0;

	config.project = o->value[OPT_TRACK_PROJECT];
	config.experiment_name = o->value[OPT_EXPERIMENT_NAME];
	config.notes = o->value[OPT_NOTES];
	config.tags = o->tags;
	config.tag_count = o->tag_len;
	options[count++] = (struct itrack_option){"drain", o->value[OPT_DRAIN]};
	for (int id = OPT_OF_TRACKERS; id < options_count(); id++) {
		const struct option_row *row = options_at(id);

		if (strcmp(row->tracker, kind) == 0 && o->value[id] != NULL &&
		    row->own->library != NULL && count < OPTIONS_MAX)
			options[count++] = (struct itrack_option){
			    row->own->library, o->value[id]};
	}
	return itrack_create_tracker(t, kind, &config, options, count, err);
}

/* All of --track as one handle. */
static int
open_trackers(struct itrack_tracker **all, const struct options *o,
    struct itrack_error *err)
{
	struct itrack_tracker *list[TRACKERS_MAX];
	const char *kind;
	size_t len = 0;
	int result = 0;

	for (size_t i = 0; result == 0 && (kind = options_tracker(i)) != NULL;
	     i++)
		if (options_tracks(o, kind) && len < TRACKERS_MAX) {
			result = create(&list[len], kind, o, err);
			len += result == 0 ? 1 : 0;
		}
	if (result == 0)
		result = itrack_multi(all, list, len, err);
	while (result < 0 && len > 0)
		itrack_free(list[--len]);
	return result;
}

static void
complain(const struct itrack_error *err, bool *failed)
{
	fprintf(stderr, "itrack log: %s\n", err->message);
	*failed = true;
}

static bool
start(struct itrack_tracker *t, const struct options *o)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	unsigned flags = options_given(o, OPT_START) ? ITRACK_OPEN : 0;
	bool failed = false;

	if (itrack_start_run(t, o->value[OPT_RUN_NAME], NULL, flags, &err) == 0)
		return true;
	complain(&err, &failed);
	/* Where it could be started it must not stay open. */
	itrack_end_run(t, "failed", NULL);
	return false;
}

/* Everything is tried, whatever fails. */
static bool
log_items(struct itrack_tracker *t, const struct items *items,
    const struct options *o)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	bool failed = false;

	if (itrack_log_params(t, items->params, items->param_len, &err) < 0)
		complain(&err, &failed);
	if (items->metric_len > 0 &&
	    itrack_log_metrics(t, items->metrics, items->metric_len,
		ITRACK_STEP_AUTO, &err) < 0)
		complain(&err, &failed);
	for (size_t i = 0; i < o->item_len; i++)
		if (o->items[i].id == OPT_ARTIFACT &&
		    itrack_log_artifact(
			t, o->items[i].value, NULL, NULL, &err) < 0)
			complain(&err, &failed);
	return !failed;
}

static void
say_lines(const char *lines)
{
	while (*lines != '\0') {
		int len = (int)strcspn(lines, "\n");

		fprintf(stderr, "itrack log: %.*s\n", len, lines);
		lines += len + (lines[len] == '\n');
	}
}

static bool
end(struct itrack_tracker *t, const struct options *o)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	bool failed = false;

	if (itrack_end_run(t, o->value[OPT_STATUS], &err) < 0) {
		complain(&err, &failed);
		say_lines(itrack_refused(t));
	}
	if (!options_given(o, OPT_QUIET)) {
		say_lines(itrack_altered(t));
		puts(itrack_run_id(t));
	}
	return !failed;
}

/* A run that goes on is left as it is; another one is ended whatever happens in
 * it. */
static bool
log_run(struct itrack_tracker *t, const struct items *items,
    const struct options *o)
{
	bool good;

	if (!options_given(o, OPT_RUN) && !start(t, o))
		return false;
	good = log_items(t, items, o);
	if (options_given(o, OPT_START))
		puts(itrack_open_name(t));
	else if (!options_given(o, OPT_RUN) || options_given(o, OPT_END))
		good = end(t, o) && good;
	return good;
}

/* What a run is called and where it goes was said when it was started. */
static bool
goes_with_run(enum option_id id)
{
	switch (id) {
	case OPT_RUN:
	case OPT_END:
	case OPT_STATUS:
	case OPT_METRIC:
	case OPT_PARAM:
	case OPT_ARTIFACT:
	case OPT_DRAIN:
	case OPT_QUIET:
	case OPT_VERBOSE:
		return true;
	default:
		return false;
	}
}

static int
check_options(const struct options *o)
{
	bool run = options_given(o, OPT_RUN);

	if (run && options_given(o, OPT_START))
		return command_usage(&command_log,
		    "--start begins a run, --run goes on with one");
	if (!run && options_given(o, OPT_END))
		return command_usage(
		    &command_log, "--end of which run? (--run ID)");
	if (options_given(o, OPT_START) || (run && !options_given(o, OPT_END)))
		if (o->source[OPT_STATUS] == FROM_COMMAND_LINE)
			return command_usage(&command_log,
			    "--status says how the run ended: with --end");
	for (int id = 0; run && id < options_count(); id++)
		if (o->source[id] == FROM_COMMAND_LINE &&
		    !goes_with_run((enum option_id)id))
			return command_usage(&command_log,
			    "--%s is for --start, not for --run",
			    options_at(id)->name);
	return STATUS_OK;
}

static int
take_up(struct itrack_tracker **t, const struct options *o,
    struct itrack_error *err)
{
	struct itrack_option drain = {"drain", o->value[OPT_DRAIN]};

	if (options_given(o, OPT_RUN))
		return itrack_continue_run(
		    t, o->value[OPT_RUN], &drain, 1, err);
	return open_trackers(t, o, err);
}

static int
log_main(const struct options *options)
{
	static struct items items;
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_tracker *t = NULL;
	int status;

	if (options->argument_count > 0)
		return command_usage(&command_log,
		    "%s: what is it? (--metric, --param, --artifact)",
		    options->arguments[0]);
	status = check_options(options);
	if (status == STATUS_OK)
		status = take_items(&items, options);
	if (status == STATUS_OK && take_up(&t, options, &err) < 0) {
		fprintf(stderr, "itrack log: %s\n", err.message);
		status = STATUS_FAILURE;
	}
	if (status == STATUS_OK && !log_run(t, &items, options))
		status = STATUS_FAILURE;
	itrack_free(t);
	release_items(&items);
	return status;
}

const struct command command_log = {
    .name = "log",
    .program = PROGRAM_LOG,
    .usage = "itrack log [option]...",
    .about = "track metrics, params and files given as options",
    .run = log_main,
};
