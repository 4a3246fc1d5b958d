/*
 * One table has the options of every program: names, environment variables,
 * defaults, forms and help. --help, the config file, the message on a wrong
 * name and the check of the manual all use it. libc only: the launcher links
 * it.
 *
 * Which value wins: command line, environment, config file
 * ($XDG_CONFIG_HOME/itrack/config, `name = value` lines), default.
 */
#ifndef WRAP_OPTIONS_OPTIONS_H
#define WRAP_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "tracker/about.h"

enum option_id {
	OPT_TRACK,
	OPT_TRACK_PROJECT,
	OPT_EXPERIMENT_NAME,
	OPT_RUN_NAME,
	OPT_TAG,
	OPT_NOTES,
	OPT_ATTEMPT_GROUP,
	OPT_PREFIX,
	OPT_RUN_DIR,
	OPT_ARTIFACTS,
	OPT_POINTS,
	OPT_RECORDS,
	OPT_RECORDS_MAX,
	OPT_DRAIN,
	OPT_SYSTEM_METRICS,
	OPT_STOP_IF,
	OPT_NOTIFY,
	OPT_NOTIFY_SLACK,
	OPT_NOTIFY_DISCORD,
	OPT_NOTIFY_WEBHOOK,
	OPT_STRICT,
	OPT_NO_PRELOAD,
	OPT_RECORD_ONLY,
	OPT_REPORT,
	OPT_QUIET,
	OPT_VERBOSE,
	OPT_HELP,
	OPT_VERSION,
	OPT_JSON,
	OPT_ALL,
	OPT_PROJECT,
	OPT_AGAIN,
	OPT_FOLLOW,
	OPT_SINCE,
	OPT_DROP,
	OPT_OLDER_THAN,
	OPT_DRY_RUN,
	OPT_METRIC,
	OPT_PARAM,
	OPT_ARTIFACT,
	OPT_STATUS,
	OPT_START,
	OPT_RUN,
	OPT_END,
	OPT_METRICS_FROM_STDOUT,
	OPT_BASE,
	OPT_FORMAT,
	OPT_FAIL_IF,
	OPT_OUTPUT,
	OPT_OF_TRACKERS, /* the first option of a tracker; more follow */
};

/* The limit for all options, including those of the trackers. */
#define OPTIONS_MAX 128

/* A bit for each program, to say which programs take an option. */
enum program {
	PROGRAM_WRAP = 1 << 0,
	PROGRAM_IMPORT = 1 << 1,
	PROGRAM_SYNC = 1 << 2,
	PROGRAM_STATUS = 1 << 3,
	PROGRAM_SHOW = 1 << 4,
	PROGRAM_CHECK = 1 << 5,
	PROGRAM_DOCTOR = 1 << 6,
	PROGRAM_LOG = 1 << 7,
	PROGRAM_WATCH = 1 << 8,
	PROGRAM_PRUNE = 1 << 9,
	PROGRAM_COMPARE = 1 << 10,
	PROGRAM_REPORT = 1 << 11,
};

struct option_row {
	int id; /* of enum option_id, or of a tracker's option behind these */
	char letter;          /* short form, or 0 */
	const char *name;     /* long form without dashes */
	const char *variable; /* environment, or NULL */
	const char *fallback; /* default, or NULL: not set */
	const char *argument; /* what --help calls the value, or NULL */
	enum option_form form;
	/* "all|safe|none"; of a URL: the domain that is for https alone; or
	 * NULL. */
	const char *choices;
	unsigned programs;
	const char *tracker; /* whose option it is, or NULL: general */
	const char *help;    /* one line */
	const struct about_option
	    *own; /* what its tracker says of it, or NULL */
};

/* options_count: how many options there are. options_at: the option with an ID
 * below that; the IDs of enum option_id come first, then the trackers'
 * (tracker/about.h), tracker by tracker. */
int options_count(void);
const struct option_row *options_at(int id);

/* Where a value comes from. */
enum option_source {
	FROM_NOWHERE,
	FROM_DEFAULT,
	FROM_FILE,
	FROM_ENVIRONMENT,
	FROM_COMMAND_LINE,
};

/* Tags that one run may have. */
#define OPTIONS_TAGS_MAX 64
/* The limit for metrics, params and artifacts of one `itrack log`, of which the
 * library takes more, and for rules of --fail-if. */
#define OPTIONS_ITEMS_MAX 256

/* Rules that may stop a run. */
#define OPTIONS_RULES_MAX 16
/* Targets that are told how a run ended. */
#define OPTIONS_NOTIFY_MAX 8

struct option_item {
	enum option_id
	    id; /* OPT_METRIC, OPT_PARAM, OPT_ARTIFACT, OPT_FAIL_IF */
	const char *value;
};

struct options {
	const char *value[OPTIONS_MAX]; /* NULL: not set; flags: "1" */
	enum option_source source[OPTIONS_MAX];
	const char *tags[OPTIONS_TAGS_MAX];
	size_t tag_len;
	const char *stop_if[OPTIONS_RULES_MAX]; /* each is a rule */
	size_t stop_if_len;
	const char *notify[OPTIONS_NOTIFY_MAX];
	size_t notify_len;
	struct option_item items[OPTIONS_ITEMS_MAX];
	size_t item_len;
	/* What follows the options: the command, directories, attempts. */
	char **arguments;
	int argument_count;
};

#define OPTIONS_MESSAGE_MAX 512

/* Reads command line (argv[0] is skipped), environment and config file. For
 * itrack-wrap the first argument that is no option ends the options, elsewhere
 * options may stand between arguments; `--` always ends them. An empty variable
 * counts as not set. The variables of a tracker that is not used are not read
 * (a program without --track reads all). Returns 0, or -1 with one line (what
 * is wrong, the nearest valid name) in message. With --help or --version given
 * it returns 0 whatever else is wrong, and reads nothing else. Values point
 * into argv, the environment or memory that is never freed. A list of trackers
 * is in the table's order, each once: "local,mlflow". */
int options_parse(struct options *options, enum program program, int argc,
    char **argv, char message[OPTIONS_MESSAGE_MAX]);

/* Is the flag or option set (by whatever source)? */
bool options_given(const struct options *options, enum option_id id);

/* options_drain_ms: --drain in milliseconds. options_system_metrics_ms: how
 * often, 0 for never. options_points: --points as a number, 0 for all;
 * options_records_max likewise. */
long options_drain_ms(const struct options *options);
long options_system_metrics_ms(const struct options *options);
long options_points(const struct options *options);
long options_records_max(const struct options *options);

/* The address of a target of --notify, a secret; NULL: it has none. */
const char *options_notify_address(
    const struct options *options, const char *target);

/* Is the tracker among those of --track? */
bool options_tracks(const struct options *options, const char *tracker);

/* Prints usage, options by group and defaults to standard output. */
void options_help(enum program program, const char *usage, const char *about);

/* The name of the i-th tracker that is shown; NULL behind the last. */
const char *options_tracker(size_t i);

#endif
