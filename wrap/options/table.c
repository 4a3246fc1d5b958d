/* The table of the options: names, letters, variables, defaults, help,
 * and which program takes which. */
#include "wrap/options/private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Which programs: the ones that make an attempt, that deliver one, all. */
#define ATTEMPT (PROGRAM_WRAP | PROGRAM_IMPORT | PROGRAM_WATCH)
#define DELIVER (ATTEMPT | PROGRAM_SYNC)
#define REACH   (DELIVER | PROGRAM_DOCTOR | PROGRAM_LOG)
#define LISTING (PROGRAM_STATUS | PROGRAM_SHOW | PROGRAM_CHECK | PROGRAM_DOCTOR)
#define LOOKING (PROGRAM_COMPARE | PROGRAM_REPORT)
#define ALL     (DELIVER | LISTING | LOOKING | PROGRAM_LOG | PROGRAM_PRUNE)
/* What names a run and where it goes. */
#define NAMING  (ATTEMPT | PROGRAM_LOG)
#define PLACING (ATTEMPT | PROGRAM_DOCTOR | PROGRAM_LOG)

/* clang-format off */
static const struct option_row general[OPT_OF_TRACKERS] = {
[OPT_TRACK] = { OPT_TRACK, 't', "track", "ITRACK_TRACK", "local", "LIST",
    FORM_TRACKERS, NULL, PLACING, NULL,
    "where to track, comma separated or repeated" },
[OPT_TRACK_PROJECT] = { OPT_TRACK_PROJECT, 'p', "track-project",
    "ITRACK_PROJECT", "insidellms", "NAME",
    FORM_NAME, NULL, PLACING, NULL,
    "the project (MLflow: experiment)" },
[OPT_EXPERIMENT_NAME] = { OPT_EXPERIMENT_NAME, 0, "experiment-name",
    NULL, NULL, "NAME",
    FORM_NAME, NULL, NAMING, NULL,
    "name of the experiment that the run belongs to" },
[OPT_RUN_NAME] = { OPT_RUN_NAME, 0, "run-name", NULL, NULL, "NAME",
    FORM_NAME, NULL, NAMING, NULL,
    "name of the run, instead of its run ID" },
[OPT_TAG] = { OPT_TAG, 0, "tag", NULL, NULL, "TEXT",
    FORM_NAME, NULL, NAMING, NULL,
    "a tag of the run; may be repeated" },
[OPT_NOTES] = { OPT_NOTES, 0, "notes", NULL, NULL, "TEXT",
    FORM_TEXT, NULL, NAMING, NULL,
    "notes about the run" },
[OPT_ATTEMPT_GROUP] = { OPT_ATTEMPT_GROUP, 0, "attempt-group",
    "ITRACK_ATTEMPT_GROUP", NULL, "NAME",
    FORM_NAME, NULL, ATTEMPT, NULL,
    "attempts of one name stand together, as those of a requeued job" },
[OPT_PREFIX] = { OPT_PREFIX, 0, "prefix", NULL, NULL, "TEXT",
    FORM_TEXT, NULL, ATTEMPT, NULL,
    "put before the name of every mapped metric and param" },
[OPT_RUN_DIR] = { OPT_RUN_DIR, 0, "run-dir", NULL, NULL, "DIR",
    FORM_PATH, NULL, PROGRAM_WRAP, NULL,
    "the run directory, where it can't be found" },
[OPT_ARTIFACTS] = { OPT_ARTIFACTS, 0, "artifacts", "ITRACK_ARTIFACTS", "all",
    "all|safe|none",
    FORM_CHOICE, "all|safe|none", ATTEMPT, NULL,
    "which files are copied; safe: none with prompts and answers" },
[OPT_POINTS] = { OPT_POINTS, 0, "points", NULL, "512", "N|all",
    FORM_POINTS, NULL, ATTEMPT, NULL,
    "a point for each of the first N records, then N/2 for each doubling" },
[OPT_RECORDS] = { OPT_RECORDS, 0, "records", "ITRACK_RECORDS", NULL, "text",
    FORM_OPTIONAL_WORD, "text", ATTEMPT | LOOKING, NULL,
    "the records, row by row; =text: with prompts and answers" },
[OPT_RECORDS_MAX] = { OPT_RECORDS_MAX, 0, "records-max",
    "ITRACK_RECORDS_MAX", "10000", "N|all",
    FORM_POINTS, NULL, ATTEMPT, NULL,
    "of more than N records N/2 for each doubling are sent" },
[OPT_DRAIN] = { OPT_DRAIN, 0, "drain", "ITRACK_DRAIN", "30", "SECONDS",
    FORM_SECONDS, NULL, DELIVER | PROGRAM_LOG, NULL,
    "how long to go on delivering after the end" },
[OPT_SYSTEM_METRICS] = { OPT_SYSTEM_METRICS, 0, "system-metrics",
    "ITRACK_SYSTEM_METRICS", "10", "SECONDS|no",
    FORM_INTERVAL, NULL, PROGRAM_WRAP, NULL,
    "how often CPU, memory, disk and GPU are sampled" },
[OPT_STOP_IF] = { OPT_STOP_IF, 0, "stop-if", NULL, NULL, "RULE",
    FORM_RULE, NULL, PROGRAM_WRAP, NULL,
    "stop the command when the rule holds, as 'error_rate > 0.5 after 20'; "
    "may be repeated" },
[OPT_NOTIFY] = { OPT_NOTIFY, 0, "notify", NULL, NULL, "TARGET",
    FORM_NOTIFY, NULL, PROGRAM_WRAP, NULL,
    "tell how a run ended: command:PROGRAM, slack, discord, webhook, wandb; "
    "may be repeated" },
[OPT_NOTIFY_SLACK] = { OPT_NOTIFY_SLACK, 0, "notify-slack",
    "ITRACK_NOTIFY_SLACK", NULL, "URL",
    FORM_SECRET_URL, NULL, PROGRAM_WRAP, NULL,
    "the address of Slack's incoming webhook" },
[OPT_NOTIFY_DISCORD] = { OPT_NOTIFY_DISCORD, 0, "notify-discord",
    "ITRACK_NOTIFY_DISCORD", NULL, "URL",
    FORM_SECRET_URL, NULL, PROGRAM_WRAP, NULL,
    "the address of Discord's webhook" },
[OPT_NOTIFY_WEBHOOK] = { OPT_NOTIFY_WEBHOOK, 0, "notify-webhook",
    "ITRACK_NOTIFY_WEBHOOK", NULL, "URL",
    FORM_SECRET_URL, NULL, PROGRAM_WRAP, NULL,
    "the address that gets plain JSON" },
[OPT_STRICT] = { OPT_STRICT, 0, "strict", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_WRAP, NULL,
    "exit 123 if a tracker did not get everything" },
[OPT_NO_PRELOAD] = { OPT_NO_PRELOAD, 0, "no-preload", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_WRAP, NULL,
    "find the run directory without LD_PRELOAD" },
[OPT_RECORD_ONLY] = { OPT_RECORD_ONLY, 0, "record-only", NULL, NULL, NULL,
    FORM_FLAG, NULL, ATTEMPT, NULL,
    "write the journal, deliver nothing (later: itrack sync)" },
[OPT_REPORT] = { OPT_REPORT, 0, "report", NULL, NULL, "FILE",
    FORM_PATH, NULL, DELIVER & ~PROGRAM_WATCH, NULL,
    "write the report of the end to FILE, as JSON" },
[OPT_QUIET] = { OPT_QUIET, 'q', "quiet", NULL, NULL, NULL,
    FORM_FLAG, NULL, ALL, NULL,
    "no report at the end" },
[OPT_VERBOSE] = { OPT_VERBOSE, 'v', "verbose", NULL, NULL, NULL,
    FORM_FLAG, NULL, ALL, NULL,
    "say what is being done" },
[OPT_HELP] = { OPT_HELP, 'h', "help", NULL, NULL, NULL,
    FORM_FLAG, NULL, ALL, NULL,
    "show this help" },
[OPT_VERSION] = { OPT_VERSION, 'V', "version", NULL, NULL, NULL,
    FORM_FLAG, NULL, ALL, NULL,
    "show the version" },
[OPT_JSON] = { OPT_JSON, 0, "json", NULL, NULL, NULL,
    FORM_FLAG, NULL, LISTING, NULL,
    "print JSON" },
[OPT_ALL] = { OPT_ALL, 0, "all", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_STATUS, NULL,
    "show every delivered attempt, not the last ten" },
[OPT_PROJECT] = { OPT_PROJECT, 0, "project", NULL, NULL, "NAME",
    FORM_NAME, NULL, PROGRAM_STATUS, NULL,
    "show the attempts of this project alone" },
[OPT_AGAIN] = { OPT_AGAIN, 0, "again", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_IMPORT, NULL,
    "import even what is tracked there already" },
[OPT_FOLLOW] = { OPT_FOLLOW, 0, "follow", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_SYNC, NULL,
    "stay, and deliver what others record (runs: itrack watch)" },
[OPT_SINCE] = { OPT_SINCE, 0, "since", NULL, NULL, "TIME|DURATION",
    FORM_TEXT, NULL, PROGRAM_WATCH, NULL,
    "also runs that were last written since then (2h, 7d, 2026-11-27T13:00)" },
[OPT_DROP] = { OPT_DROP, 0, "drop", NULL, NULL, "ATTEMPT",
    FORM_NAME, NULL, PROGRAM_SYNC, NULL,
    "give an attempt up: what is pending of it is lost" },
[OPT_OLDER_THAN] = { OPT_OLDER_THAN, 0, "older-than", NULL, NULL, "DURATION",
    FORM_TEXT, NULL, PROGRAM_PRUNE, NULL,
    "forget runs that ended and were tracked before then (30d, 12w)" },
[OPT_DRY_RUN] = { OPT_DRY_RUN, 0, "dry-run", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_PRUNE, NULL,
    "say what would be removed, and remove nothing" },
[OPT_METRIC] = { OPT_METRIC, 0, "metric", NULL, NULL, "NAME=NUMBER",
    FORM_PAIR, NULL, PROGRAM_LOG, NULL,
    "a metric of the run; may be repeated" },
[OPT_PARAM] = { OPT_PARAM, 0, "param", NULL, NULL, "NAME=TEXT",
    FORM_PAIR, NULL, PROGRAM_LOG, NULL,
    "a param of the run; may be repeated" },
[OPT_ARTIFACT] = { OPT_ARTIFACT, 0, "artifact", NULL, NULL, "PATH",
    FORM_PATH, NULL, PROGRAM_LOG, NULL,
    "a file or directory of the run; may be repeated" },
[OPT_STATUS] = { OPT_STATUS, 0, "status", NULL, "finished",
    "finished|failed|killed",
    FORM_CHOICE, "finished|failed|killed", PROGRAM_LOG, NULL,
    "how the run ended" },
[OPT_START] = { OPT_START, 0, "start", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_LOG, NULL,
    "begin a run that other calls go on with; prints its name for them" },
[OPT_RUN] = { OPT_RUN, 0, "run", NULL, NULL, "ID",
    FORM_NAME, NULL, PROGRAM_LOG, NULL,
    "go on with the run that --start printed" },
[OPT_END] = { OPT_END, 0, "end", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_LOG, NULL,
    "end the run of --run" },
[OPT_METRICS_FROM_STDOUT] = { OPT_METRICS_FROM_STDOUT, 0,
    "metrics-from-stdout", NULL, NULL, NULL,
    FORM_FLAG, NULL, PROGRAM_WRAP, NULL,
    "track the numbers of the JSON object in the last line of the output" },
[OPT_BASE] = { OPT_BASE, 0, "base", NULL, NULL, "REF",
    FORM_NAME, NULL, PROGRAM_COMPARE, NULL,
    "what to compare with: a directory, an attempt, or last" },
[OPT_FORMAT] = { OPT_FORMAT, 0, "format", NULL, "text", "text|markdown|json",
    FORM_CHOICE, "text|markdown|json", PROGRAM_COMPARE, NULL,
    "how to print it" },
[OPT_FAIL_IF] = { OPT_FAIL_IF, 0, "fail-if", NULL, NULL, "RULE",
    FORM_NAME, NULL, PROGRAM_COMPARE, NULL,
    "exit 122 if the rule holds, as 'success_rate drops 0.02'; may be repeated" },
[OPT_OUTPUT] = { OPT_OUTPUT, 'o', "output", NULL, NULL, "FILE",
    FORM_PATH, NULL, PROGRAM_REPORT, NULL,
    "the page to write" },
};
/* clang-format on */

/* The general options, then the trackers'; filled by the first question. */
static struct option_row table[OPTIONS_MAX];
static int table_len;

static const unsigned programs_of_use[] = {
    [USE_ATTEMPT] = ATTEMPT,
    [USE_PLACE] = PLACING,
    [USE_REACH] = REACH,
};

static void
add_row(const struct option_row *row)
{
	if (table_len == OPTIONS_MAX) {
		fputs("itrack: more options than OPTIONS_MAX\n", stderr);
		abort();
	}
	table[table_len] = *row;
	table[table_len].id = table_len;
	table_len++;
}

static void
fill_table(void)
{
	const struct tracker_about *about;

	for (size_t i = 0; i < COUNT(general); i++)
		add_row(&general[i]);
	for (size_t i = 0; (about = tracker_about_at(i)) != NULL; i++)
		for (size_t k = 0; k < about->option_count; k++) {
			const struct about_option *own = &about->options[k];

			add_row(&(struct option_row){.name = own->name,
			    .variable = own->variable,
			    .argument = own->argument,
			    .form = own->form,
			    .choices = own->choices,
			    .programs = programs_of_use[own->use],
			    .tracker = about->name,
			    .help = own->help,
			    .own = own});
		}
}

int
options_count(void)
{
	if (table_len == 0)
		fill_table();
	return table_len;
}

const struct option_row *
options_at(int id)
{
	return id < options_count() ? &table[id] : NULL;
}

const struct option_row *
options_row(const char *name, size_t len)
{
	for (int i = 0; i < options_count(); i++)
		if (strncmp(table[i].name, name, len) == 0 &&
		    table[i].name[len] == '\0')
			return &table[i];
	return NULL;
}

const char *
options_successor(const char *name)
{
	static const char *const replaced[][2] = {{"table", "records"}};

	for (size_t i = 0; i < COUNT(replaced); i++)
		if (strcmp(name, replaced[i][0]) == 0)
			return replaced[i][1];
	return NULL;
}

const struct option_row *
options_row_of_letter(char letter)
{
	for (int i = 0; letter != 0 && i < options_count(); i++)
		if (table[i].letter == letter)
			return &table[i];
	return NULL;
}

const char *
options_program_name(enum program program)
{
	switch (program) {
	case PROGRAM_WRAP:
		return "itrack-wrap";
	case PROGRAM_IMPORT:
		return "itrack import";
	case PROGRAM_SYNC:
		return "itrack sync";
	case PROGRAM_STATUS:
		return "itrack status";
	case PROGRAM_SHOW:
		return "itrack show";
	case PROGRAM_CHECK:
		return "itrack check";
	case PROGRAM_DOCTOR:
		return "itrack doctor";
	case PROGRAM_LOG:
		return "itrack log";
	case PROGRAM_WATCH:
		return "itrack watch";
	case PROGRAM_PRUNE:
		return "itrack prune";
	case PROGRAM_COMPARE:
		return "itrack compare";
	case PROGRAM_REPORT:
		return "itrack report";
	}
	return "itrack";
}

const char *
options_tracker(size_t i)
{
	const struct tracker_about *about;

	for (size_t at = 0; (about = tracker_about_at(at)) != NULL; at++)
		if (!about->hidden && i-- == 0)
			return about->name;
	return NULL;
}
