#include "tracker/wandb/run.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/die.h"
#include "format/jsonscan.h"
#include "format/jsonwrite.h"
#include "tracker/common/display.h"
#include "tracker/wandb/nested.h"
#include "tracker/wandb/tags.h"
#include "tracker/wandb/values.h"
#include "tracker/wandb/variables.h"

/* W&B's limits. */
#define PROJECT_MAX_CHARACTERS 128
#define PROJECT_FORBIDDEN      "/\\#?%:"
#define ID_MAX_BYTES           128
/* Names, notes and tags of one run. */
#define IDENTITY_MAX (1024 * 1024)
/* Under this name the cursor keeps the identity. */
#define REMEMBERED "run"
/* W&B itself says "uncategorized". */
#define PROJECT_FALLBACK "insidellms"

#define US_PER_SECOND      1000000
#define STATUS_OF_SIGNAL   128
#define STATUS_OF_A_FAILED 1

static char *
copy(const char *text)
{
	return text != NULL && text[0] != '\0' ? wandb_utf8(text) : NULL;
}

/* What was asked for by option stands above W&B's variable, what only the
 * config file says below it. */
static char *
choose_text(const struct tracker *t, const struct entry_start *start,
    const char *option, const char *text, const char *variable)
{
	bool asked_for = tracker_option(t, option) != NULL ||
	    start->source == SOURCE_LIBRARY;
	char *chosen = copy(text), *other = wandb_variable_text(variable);

	if (other == NULL || (chosen != NULL && asked_for)) {
		free(other);
		return chosen;
	}
	free(chosen);
	return other;
}

static void
choose_project(struct wandb_run *run, const struct tracker *t,
    const struct entry_start *start, const struct wandb_settings *settings)
{
	const struct plan plan = tracker_plan(t, start);
	const char *chosen = wandb_project_of(&plan, settings);
	char *project = wandb_utf8(
	    chosen != NULL && chosen[0] != '\0' ? chosen : PROJECT_FALLBACK);
	char *at;

	run->project_changed = wandb_cut(project, PROJECT_MAX_CHARACTERS);
	for (at = project; *at != '\0'; at++)
		if (strchr(PROJECT_FORBIDDEN, *at) != NULL ||
		    iscntrl((unsigned char)*at)) {
			*at = '_';
			run->project_changed = true;
		}
	run->project = project;
}

static char *
option_text(const struct tracker *t, const char *option, const char *variable)
{
	char *text = copy(tracker_option(t, option));

	return text != NULL ? text : wandb_variable_text(variable);
}

/* May it be a part of an address? */
static bool
run_id_is_valid(const char *id)
{
	if (strcmp(id, ".") == 0 || strcmp(id, "..") == 0 ||
	    strlen(id) > ID_MAX_BYTES)
		return false;
	for (const char *at = id; *at != '\0'; at++)
		if (strchr(PROJECT_FORBIDDEN, *at) != NULL ||
		    iscntrl((unsigned char)*at))
			return false;
	return id[0] != '\0';
}

static void
choose_id(struct wandb_run *run, const struct tracker *t)
{
	const char *given = tracker_option(t, "wandb-run-id");
	char *id = given != NULL ? wandb_utf8(given) : NULL;

	run->id_given = id != NULL && run_id_is_valid(id);
	run->id_unfit = id != NULL && !run->id_given;
	if (run->id_given) {
		free(run->id);
		run->id = id;
	} else {
		free(id);
	}
}

static void
choose(struct wandb_run *run, const struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings)
{
	const struct entry_start *start = info->start;
	char *name;

	run->entity = copy(settings->entity);
	choose_project(run, t, start, settings);
	name =
	    start->run_name != NULL ? display_name(start, info->run_id) : NULL;
	run->name = choose_text(t, start, "run-name", name, "WANDB_NAME");
	free(name);
	run->name_given = run->name != NULL;
	run->notes =
	    choose_text(t, start, "notes", start->notes, "WANDB_NOTES");
	/* --wandb-group, or its variable: below an --attempt-group that was asked
	 * for, above one of the config file. */
	if (tracker_option(t, "attempt-group") == NULL)
		run->group = copy(tracker_option(t, "wandb-group"));
	if (run->group == NULL)
		run->group = copy(start->group);
	if (run->group == NULL)
		run->group = copy(entry_start_group(start));
	if (run->group == NULL && start->source != SOURCE_LIBRARY)
		run->group = copy(start->experiment_name);
	run->job_type = option_text(t, "wandb-job-type", "WANDB_JOB_TYPE");
	run->sweep = copy(tracker_option(t, "wandb-sweep-id"));
	wandb_tags_add(run, start);
	run->remote = copy(start->git_remote);
	run->commit = copy(start->git_commit);
}

/* Member names and places of the texts that are remembered. */
struct remembered {
	const char *name;
	char **text;
};

#define REMEMBERED_TEXTS 9

static void
list_texts(struct wandb_run *run, struct remembered list[REMEMBERED_TEXTS])
{
	list[0] = (struct remembered){"entity", &run->entity};
	list[1] = (struct remembered){"project", &run->project};
	list[2] = (struct remembered){"name", &run->name};
	list[3] = (struct remembered){"notes", &run->notes};
	list[4] = (struct remembered){"group", &run->group};
	list[5] = (struct remembered){"job_type", &run->job_type};
	list[6] = (struct remembered){"remote", &run->remote};
	list[7] = (struct remembered){"commit", &run->commit};
	list[8] = (struct remembered){"sweep", &run->sweep};
}

bool
wandb_run_is_remembered(const struct tracker *t)
{
	return tracker_recall(t, REMEMBERED) != NULL;
}

void
wandb_run_remember(const struct wandb_run *run, struct tracker *t)
{
	struct remembered texts[REMEMBERED_TEXTS];
	struct jsonwrite w;
	struct buf out;
	size_t i;

	list_texts((struct wandb_run *)run, texts);
	buf_init(&out, IDENTITY_MAX);
	jsonwrite_init(&w, &out, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	for (i = 0; i < REMEMBERED_TEXTS; i++) {
		/* A name that is not the user's may change with the run
		 * ID. */
		if (*texts[i].text == NULL ||
		    (texts[i].text == &run->name && !run->name_given))
			continue;
		jsonwrite_text_member(&w, texts[i].name, *texts[i].text);
	}
	jsonwrite_int_member(&w, "lines_before", run->lines_before);
	jsonwrite_int_member(&w, "events_before", run->events_before);
	jsonwrite_int_member(&w, "first_step", run->first_step);
	jsonwrite_open_member(&w, "tags", '[');
	for (i = 0; i < run->tag_len; i++)
		jsonwrite_text(&w, run->tags[i]);
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	if (!buf_overflowed(&out))
		tracker_remember(t, REMEMBERED, out.data);
	buf_release(&out);
}

static void
recall(struct wandb_run *run, const char *json)
{
	struct remembered texts[REMEMBERED_TEXTS];
	struct json_span object, member;
	struct jsonscan s;
	char *tag;
	size_t i;

	if (jsonscan_whole(json, strlen(json), &object) < 0)
		return;
	list_texts(run, texts);
	for (i = 0; i < REMEMBERED_TEXTS; i++) {
		member = json_member(&object, texts[i].name);
		*texts[i].text = json_text_new(&member);
	}
	run->name_given = run->name != NULL;
	member = json_member(&object, "lines_before");
	json_int64(&member, &run->lines_before);
	member = json_member(&object, "events_before");
	json_int64(&member, &run->events_before);
	member = json_member(&object, "first_step");
	json_int64(&member, &run->first_step);
	member = json_member(&object, "tags");
	if (member.type != JSON_ARRAY)
		return;
	jsonscan_init_span(&s, &member);
	jsonscan_enter(&s, '[');
	while (jsonscan_element(&s) > 0 && jsonscan_value(&s, &member) == 0) {
		tag = json_text_new(&member);
		if (tag != NULL)
			wandb_tag_add(run, tag, strlen(tag));
		free(tag);
	}
}

/* Returns whether that changed the name. */
static bool
take_name(struct wandb_run *run, const char *run_id)
{
	char *text = display_name(run->info->start, run_id);
	char *name = wandb_utf8(text);
	bool changed = run->name == NULL || strcmp(run->name, name) != 0;

	free(text);
	free(run->name);
	run->name = name;
	return changed;
}

void
wandb_run_init(struct wandb_run *run, const struct tracker *t,
    const struct run_info *info, const struct wandb_settings *settings,
    void (*on_row)(const struct wandb_rows *rows, void *data), void *data)
{
	const char *remembered = tracker_recall(t, REMEMBERED);

	*run = (struct wandb_run){.tracker = t,
	    .info = info,
	    .started_us = info->started_us,
	    .experiment = ENTRY_NO_EXPERIMENT};
	run->id = xstrdup(info->start->attempt);
	choose_id(run, t);
	if (entry_start_was_there(info->start))
		run->host = copy(info->start->host);
	if (remembered != NULL)
		recall(run, remembered);
	if (run->project == NULL)
		choose(run, t, info, settings);
	if (!run->name_given)
		take_name(run, info->run_id);
	wandb_values_init(&run->config);
	wandb_values_init(&run->tables);
	wandb_rows_init(&run->rows, run->started_us, on_row, data);
	run->rows.last_before = run->first_step - 1;
	run->rows.only_rising = info->start->source == SOURCE_LIBRARY;
}

/* "<model>/<probe>" */
static char *
child_name(const struct wandb_run *parent, int64_t experiment)
{
	char *name = wandb_utf8(prefixes_of(&parent->prefixes, experiment));
	size_t len = strlen(name);

	while (len > 0 && name[len - 1] == '/')
		name[--len] = '\0';
	return name;
}

void
wandb_run_init_child(struct wandb_run *run, const struct wandb_run *parent,
    int64_t experiment,
    void (*on_row)(const struct wandb_rows *rows, void *data), void *data)
{
	struct remembered to[REMEMBERED_TEXTS], from[REMEMBERED_TEXTS];
	size_t i;

	*run = (struct wandb_run){.tracker = parent->tracker,
	    .info = parent->info,
	    .started_us = parent->started_us,
	    .experiment = experiment,
	    .name_given = true};
	list_texts(run, to);
	list_texts((struct wandb_run *)parent, from);
	for (i = 0; i < REMEMBERED_TEXTS; i++)
		*to[i].text = copy(*from[i].text);
	free(run->name);
	run->name = child_name(parent, experiment);
	run->id = xasprintf(
	    "%s-%jd", parent->info->start->attempt, (intmax_t)experiment);
	run->host = copy(parent->host);
	for (i = 0; i < parent->tag_len; i++)
		wandb_tag_add(run, parent->tags[i], strlen(parent->tags[i]));
	wandb_values_init(&run->config);
	wandb_values_init(&run->tables);
	wandb_rows_init(&run->rows, run->started_us, on_row, data);
}

void
wandb_run_release(struct wandb_run *run)
{
	struct remembered texts[REMEMBERED_TEXTS];
	size_t i;

	if (run->id == NULL)
		return;
	list_texts(run, texts);
	for (i = 0; i < REMEMBERED_TEXTS; i++)
		free(*texts[i].text);
	for (i = 0; i < run->tag_len; i++)
		free(run->tags[i]);
	free(run->tags);
	prefixes_release(&run->prefixes);
	free(run->id);
	free(run->host);
	free(run->run_id);
	wandb_values_release(&run->config);
	wandb_values_release(&run->tables);
	wandb_rows_release(&run->rows);
	*run = (struct wandb_run){0};
}

static void
take_run_id(struct wandb_run *run, const char *run_id)
{
	free(run->run_id);
	run->run_id = xstrdup(run_id);
	/* One that goes on keeps its name. */
	if (!run->name_given && run->lines_before == 0)
		run->name_changed = take_name(run, run_id);
}

bool
wandb_run_params(const struct wandb_run *run, const struct entry_params *params,
    struct wandb_values *config)
{
	const char *prefix = prefixes_of(&run->prefixes, params->experiment);
	bool renamed = false;
	char *name;
	size_t i;

	if (params->config) {
		wandb_nested(config, params);
		return false;
	}
	for (i = 0; i < params->len; i++) {
		name = wandb_name(prefix, params->list[i].name, &renamed);
		wandb_values_value(config, name, &params->list[i].value);
		free(name);
	}
	return renamed;
}

/* The runs of a harness are a group with the run's name, unless the user has
 * named another one. The group is known before there is a value. */
static void
take_experiment(struct wandb_run *run, const struct entry_experiment *e)
{
	prefixes_name(&run->prefixes, e);
	if (run->group != NULL || (!e->harness && e->index == 0))
		return;
	run->group = xstrdup(run->name != NULL ? run->name : run->id);
	run->config_changed = true;
}

void
wandb_run_take(struct wandb_run *run, const struct entry *e)
{
	switch (e->kind) {
	case ENTRY_RUN_ID:
		take_run_id(run, e->run_id);
		break;
	case ENTRY_EXPERIMENT:
		take_experiment(run, &e->experiment);
		break;
	case ENTRY_PARAMS:
		if (wandb_run_params(run, &e->params, &run->config))
			run->rows.renamed = true;
		run->config_changed = true;
		break;
	case ENTRY_METRICS:
	case ENTRY_HISTOGRAM:
		wandb_rows_take(&run->rows,
		    prefixes_of(&run->prefixes, entry_experiment_index(e)), e,
		    run->experiment != ENTRY_NO_EXPERIMENT);
		break;
	default:
		break;
	}
}

int
wandb_run_exit_code(const struct entry_end *end)
{
	if (end->exit_signal != 0)
		return STATUS_OF_SIGNAL + (int)end->exit_signal;
	if (end->exit_code > 0)
		return (int)end->exit_code;
	return end->status == RUN_FINISHED ? 0 : STATUS_OF_A_FAILED;
}

int64_t
wandb_run_seconds(const struct wandb_run *run, int64_t ended_us)
{
	return ended_us > run->started_us
	    ? (ended_us - run->started_us) / US_PER_SECOND
	    : 0;
}

void
wandb_run_platform(struct buf *out)
{
	struct utsname name;

	buf_adds(out, "linux-");
	buf_adds(out, uname(&name) == 0 ? name.machine : "unknown");
}
