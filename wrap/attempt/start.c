#include "wrap/attempt/start.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "base/process.h"
#include "base/uri.h"
#include "format/text.h"
#include "base/git.h"
#include "watcher/survey.h"
#include "watcher/identity.h"

/* Options that name one run, of all trackers. */
#define ONE_RUN_MAX 16

/* Makes text of what the command line, the environment or the config file
 * has. */
static char *
text_of(const char *bytes)
{
	return bytes != NULL ? text_path_text(bytes) : NULL;
}

char *
attempt_option_text(
    const struct option_row *row, const char *value, bool secrets)
{
	char *plain = NULL, *text;

	if (row->form == FORM_PATH)
		plain = path_absolute(value);
	else
		plain = xstrdup(value);
	if (!secrets &&
	    (row->form == FORM_TRACKING_URI || row->form == FORM_URL))
		uri_clean(plain);
	/* Without a working directory the path stays as it is. */
	text = text_path_text(plain != NULL ? plain : value);
	free(plain);
	return text;
}

/* Is the option for this tracker? It is if it is the tracker's own; or if it is
 * a name that somebody has asked for. A name of the config file alone does not
 * count, because the tracker's own variable for the same stands above it. */
static bool
is_for(const struct target *t, const struct options *options, int id)
{
	const char *tracker = options_at(id)->tracker;

	if (options->value[id] == NULL)
		return false;
	if (id == OPT_TRACK_PROJECT || id == OPT_RUN_NAME || id == OPT_NOTES ||
	    id == OPT_ATTEMPT_GROUP)
		return options->source[id] >= FROM_ENVIRONMENT;
	return tracker != NULL && strcmp(tracker, t->tracker) == 0;
}

static void
add_options(struct target *t, const struct options *options, bool secrets)
{
	for (int id = 0; id < options_count(); id++) {
		const struct option_row *row = options_at(id);

		if (!is_for(t, options, id))
			continue;
		t->options = xreallocarray(
		    t->options, t->option_len + 1, sizeof *t->options);
		t->options[t->option_len++] =
		    (struct pair){.name = xstrdup(row->name),
			.text = attempt_option_text(
			    row, options->value[id], secrets)};
	}
}

struct target *
attempt_make_targets(const struct options *options, bool secrets, size_t *len)
{
	struct target *targets = NULL;
	const struct tracker_ops *ops;

	*len = 0;
	for (size_t i = 0; (ops = tracker_at(i)) != NULL; i++) {
		if (!options_tracks(options, ops->about->name))
			continue;
		targets = xreallocarray(targets, *len + 1, sizeof *targets);
		targets[*len] =
		    (struct target){.tracker = xstrdup(ops->about->name)};
		add_options(&targets[(*len)++], options, secrets);
	}
	return targets;
}

int
attempt_name_destinations(struct target *targets, size_t len,
    const struct options *options, const char *run_dir, struct err *err)
{
	char *cwd = process_cwd();
	int result = 0;

	for (size_t i = 0; i < len; i++) {
		struct err why = ERR_INIT;
		const struct plan plan = {
		    .target = &targets[i],
		    .project = options->value[OPT_TRACK_PROJECT],
		    .experiment = options->value[OPT_EXPERIMENT_NAME],
		    .run_dir = run_dir,
		    .cwd = cwd != NULL ? cwd : "/",
		};

		targets[i].destination = plan_destination(&plan, &why);
		if (targets[i].destination == NULL)
			result = err_set(err, -EAGAIN,
			    "where its run of %s goes can't be told: %s",
			    targets[i].tracker, why.message);
	}
	free(cwd);
	return result;
}

void
attempt_free_targets(struct target *targets, size_t len)
{
	for (size_t i = 0; i < len; i++)
		target_release(&targets[i]);
	free(targets);
}

static bool
first_time(char *given[ONE_RUN_MAX], const char *name)
{
	for (size_t i = 0; i < ONE_RUN_MAX; i++) {
		if (given[i] == NULL) {
			given[i] = xstrdup(name);
			return true;
		}
		if (strcmp(given[i], name) == 0)
			return false;
	}
	return false;
}

/* Takes those options away that name one run, from every run but the first of
 * this process. */
static void
keep_one_run(struct target *target)
{
	static char *given[ONE_RUN_MAX];
	const struct tracker_about *about = tracker_about_find(target->tracker);
	size_t kept = 0;

	for (size_t i = 0; about != NULL && i < target->option_len; i++) {
		struct pair *pair = &target->options[i];
		bool drop = false;

		for (size_t k = 0; k < about->option_count; k++)
			if (about->options[k].one_run &&
			    strcmp(about->options[k].name, pair->name) == 0)
				drop = !first_time(given, pair->name);
		if (drop) {
			free(pair->name);
			free(pair->text);
		} else {
			target->options[kept++] = *pair;
		}
	}
	if (about != NULL)
		target->option_len = kept;
}

/* Copies those of the targets that are not left out. */
static void
take_targets(struct entry_start *s, const struct target *targets, size_t len,
    const bool *leave_out)
{
	s->targets = xcalloc(len, sizeof *s->targets);
	for (size_t i = 0; i < len; i++)
		if (leave_out == NULL || !leave_out[i]) {
			target_copy(&s->targets[s->target_len], &targets[i]);
			keep_one_run(&s->targets[s->target_len++]);
		}
}

static void
make_targets(struct entry_start *s, const struct attempt_config *config)
{
	struct target *made;
	size_t len;

	if (config->targets != NULL) {
		take_targets(
		    s, config->targets, config->target_len, config->leave_out);
		return;
	}
	made = attempt_make_targets(config->options, false, &len);
	/* Each tracker names what it can't tell now when it opens the run. */
	attempt_name_destinations(
	    made, len, config->options, config->run_dir, NULL);
	take_targets(s, made, len, config->leave_out);
	attempt_free_targets(made, len);
}

/* Returns what the run directory itself says of its command. */
static char *
manifest_command(const char *run_dir)
{
	struct survey survey;
	char *command = NULL;

	if (run_dir != NULL && survey_manifest(&survey, run_dir, NULL) == 0 &&
	    survey.manifest.command != NULL)
		command = xstrdup(survey.manifest.command);
	survey_release(&survey);
	return command;
}

/* A program that imports a directory knows these values only from its files. */
static void
take_facts(
    struct entry_start *s, const struct attempt_config *config, const char *cwd)
{
	char *remote;

	if (!entry_start_was_there(s)) {
		s->command = manifest_command(config->run_dir);
		return;
	}
	s->user = process_user();
	s->command = text_of(config->command);
	s->git_commit = git_commit(cwd);
	remote = git_remote(cwd);
	s->git_remote = text_of(remote);
	free(remote);
	entry_start_take_where(s);
}

static int
identify(const struct attempt_config *config, struct watcher_identity *identity)
{
	return config->dir_fd > 0
	    ? identity_of(config->dir_fd, identity)
	    : watcher_identify(config->run_dir, identity, NULL);
}

int
attempt_path_leads(const struct attempt_config *config, struct err *err)
{
	struct watcher_identity there, identity;
	struct err why = ERR_INIT;
	int result;

	if (config->dir_fd <= 0)
		return 1;
	result = watcher_identify(config->run_dir, &there, &why);
	/* The writer may go where we may not, below another root. */
	if (file_is_unknown(result) && result != -EACCES)
		return err_set(err, result, "%s", why.message);
	if (result < 0)
		return 0;
	result = identity_of(config->dir_fd, &identity);
	if (result < 0)
		return err_set(
		    err, result, "%s: %s", config->run_dir, strerror(-result));
	return watcher_identity_equal(&there, &identity);
}

/* The word as it stands in the journal. */
static void
take_records(struct entry_start *s, const struct options *o)
{
	const char *word = o->value[OPT_RECORDS];

	if (word == NULL)
		return;
	s->records = xstrdup(strcmp(word, "text") == 0 ? word : "plain");
	s->records_max = options_records_max(o);
}

void
attempt_make_start(struct entry *e, const struct attempt_config *config,
    const char *name, int64_t time_us)
{
	const struct options *o = config->options;
	struct entry_start *s = &e->start;
	struct watcher_identity identity;
	char *cwd;

	entry_init(e, ENTRY_START, time_us);
	s->attempt = xstrdup(name);
	s->source = config->source;
	s->run_dir = text_of(config->run_dir);
	if (identify(config, &identity) == 0) {
		s->dir_inode = (int64_t)identity.inode;
		s->dir_birth_ns = identity.birth_ns;
	}
	s->config_path = text_of(config->config_path);
	s->project = text_of(o->value[OPT_TRACK_PROJECT]);
	s->experiment_name = text_of(o->value[OPT_EXPERIMENT_NAME]);
	s->run_name = text_of(o->value[OPT_RUN_NAME]);
	s->notes = text_of(o->value[OPT_NOTES]);
	s->group = text_of(o->value[OPT_ATTEMPT_GROUP]);
	s->prefix =
	    text_of(o->value[OPT_PREFIX] != NULL ? o->value[OPT_PREFIX] : "");
	s->tags = xcalloc(o->tag_len, sizeof *s->tags);
	for (size_t i = 0; i < o->tag_len; i++)
		s->tags[s->tag_len++] = text_of(o->tags[i]);
	make_targets(s, config);
	s->host = process_host();
	s->boot_id = process_boot_id();
	s->pid = getpid();
	s->pid_start = process_start(getpid());
	if (config->writer > 0) {
		s->writer = config->writer;
		s->writer_start = process_start(config->writer);
		s->writer_guessed = config->writer_guessed;
	}
	cwd = process_cwd();
	s->cwd = text_of(cwd);
	take_facts(s, config, cwd);
	free(cwd);
	s->artifacts = xstrdup(o->value[OPT_ARTIFACTS]);
	s->points = options_points(o);
	take_records(s, o);
}
