/* The option table, the command line, the environment and the config file. */
#include "tap.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracker/tracker.h"
#include "wrap/options/private.h"

#define ARGUMENTS_MAX 16

static struct options o;
static char message[OPTIONS_MESSAGE_MAX];
static char home[] = "/tmp/test_options.XXXXXX";

/* Parses "a|b|c" as the arguments behind the program's name. */
static int
parse(enum program program, const char *line)
{
	static char copy[1024];
	static char *argv[ARGUMENTS_MAX];
	char *rest = copy;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	argv[0] = (char *)"program";
	while (line[0] != '\0' && rest != NULL && argc < ARGUMENTS_MAX - 1)
		argv[argc++] = strsep(&rest, "|");
	argv[argc] = NULL;
	return options_parse(&o, program, argc, argv, message);
}

static void
fails(enum program program, const char *line, const char *want)
{
	if (is_int(parse(program, line), -1, line))
		is_text(message, want, "  its message");
}

static void
config(const char *text)
{
	char path[256];
	FILE *f;

	snprintf(path, sizeof(path), "%s/itrack", home);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/itrack/config", home);
	if (text == NULL) {
		unlink(path);
		return;
	}
	f = fopen(path, "w");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		exit(1);
}

/* The value of a tracker's option, whose ID only the table knows. */
static const char *
options_of(const struct options *options, const char *name)
{
	return options->value[options_row(name, strlen(name))->id];
}

static void
clear_environment(void)
{
	for (int i = 0; i < options_count(); i++)
		if (options_at(i)->variable != NULL)
			unsetenv(options_at(i)->variable);
}

static bool
accepts(const char *tracker)
{
	char line[64];

	snprintf(line, sizeof(line), "--track=%s", tracker);
	return parse(PROGRAM_WRAP, line) == 0;
}

static void
test_table(void)
{
	unsigned letters[256] = {0};
	bool ids = true, once = true, helps = true;

	for (int i = 0; i < options_count(); i++) {
		const struct option_row *row = options_at(i);

		ids &= row->id == i && row->name != NULL &&
		    options_row(row->name, strlen(row->name)) == row;
		once &= row->letter == 0 ||
		    letters[(unsigned char)row->letter]++ == 0;
		helps &= row->help != NULL && row->programs != 0 &&
		    (row->argument == NULL) ==
			(row->form == FORM_FLAG || row->form == FORM_SWITCH);
	}
	ok(ids, "each row has its own ID and name");
	ok(once, "each letter is used once");
	ok(helps,
	    "each row has help, programs and an argument if it needs one");
	ok(options_row("trac", 4) == NULL, "half a name is no name");
	is_text(options_tracker(0), "local", "the first tracker");
	for (size_t i = 0; options_tracker(i) != NULL; i++) {
		ok(strcmp(options_tracker(i), "null") != 0, "null is hidden");
		ok(tracker_find(options_tracker(i)) != NULL, "%s is a tracker",
		    options_tracker(i));
	}
	for (size_t i = 0; tracker_at(i) != NULL; i++)
		ok(accepts(tracker_at(i)->about->name), "--track takes %s",
		    tracker_at(i)->about->name);
}

static void
test_command_line(void)
{
	is_int(parse(PROGRAM_WRAP, "true"), 0, "a command alone");
	is_text(o.value[OPT_TRACK], "local", "local by default");
	is_int(o.source[OPT_TRACK], FROM_DEFAULT, "  from the default");
	is_text(o.value[OPT_TRACK_PROJECT], "insidellms", "the project");
	is_int(options_drain_ms(&o), 30000, "drain");
	is_int(options_points(&o), 512, "points");
	ok(!options_given(&o, OPT_STRICT), "not strict");
	is_int(o.argument_count, 1, "one argument");
	is_text(o.arguments[0], "true", "  the command");
	ok(o.arguments[1] == NULL, "  and a NULL behind it");

	parse(PROGRAM_WRAP,
	    "--drain=0.25|--points|all|-qv|--tag|a|--tag=b|--|-x|--strict");
	is_int(options_drain_ms(&o), 250, "--name=value");
	is_int(options_points(&o), 0, "--name value");
	ok(options_given(&o, OPT_QUIET) && options_given(&o, OPT_VERBOSE),
	    "a cluster of letters");
	is_int((long long)o.tag_len, 2, "two tags");
	is_text(o.tags[1], "b", "  the second");
	is_int(o.argument_count, 2, "what follows -- is no option");
	is_text(o.arguments[0], "-x", "  the first of it");
	ok(!options_given(&o, OPT_STRICT), "  nor the second");

	parse(PROGRAM_WRAP, "-q|cmd|--strict|--|x");
	is_int(o.argument_count, 4, "the command ends the options");
	parse(PROGRAM_WRAP, "-|x");
	is_text(o.arguments[0], "-", "a dash alone is an argument");
	parse(PROGRAM_IMPORT, "a|--again|b|--|--follow");
	is_int(o.argument_count, 3, "elsewhere options stand anywhere");
	is_text(o.arguments[1], "b", "  the second argument");
	is_text(o.arguments[2], "--follow", "  the third, behind --");
	ok(options_given(&o, OPT_AGAIN) && !options_given(&o, OPT_FOLLOW),
	    "  the options");

	parse(PROGRAM_WRAP, "--strict|--strict=no");
	ok(!options_given(&o, OPT_STRICT), "a flag taken back");
	parse(PROGRAM_WRAP, "--nested");
	ok(options_of(&o, "nested") == NULL,
	    "what is set anyway need not be given");
	parse(PROGRAM_WRAP, "--nested|--nested=off");
	is_text(
	    options_of(&o, "nested"), "no", "what is set anyway, taken back");
	fails(PROGRAM_WRAP, "--nested=5",
	    "--nested is a flag: yes or no, not \"5\"");
	parse(PROGRAM_WRAP, "--notes=");
	is_text(o.value[OPT_NOTES], "", "empty text is a value");
	parse(PROGRAM_WRAP, "--records");
	is_text(o.value[OPT_RECORDS], "1", "an optional word left out");
	parse(PROGRAM_WRAP, "--records=text");
	is_text(o.value[OPT_RECORDS], "text", "an optional word");
	is_int(options_records_max(&o), 10000, "how many by default");
	parse(PROGRAM_WRAP, "--records-max=all");
	is_int(options_records_max(&o), 0, "all of them");
	fails(PROGRAM_WRAP, "--table=text",
	    "unknown option --table: --records replaced it");
}

static void
test_trackers(void)
{
	is_int(parse(PROGRAM_WRAP, "-qtlocal"), 0, "-qtlocal");
	is_text(o.value[OPT_TRACK], "local", "  is local");
	parse(PROGRAM_WRAP, "-t|null|--track=local, null");
	is_text(o.value[OPT_TRACK], "local,null", "repeats join, once each");
	ok(options_tracks(&o, "local") && options_tracks(&o, "null"), "both");
	ok(!options_tracks(&o, "loca") && !options_tracks(&o, "locals"),
	    "whole names only");
	setenv("ITRACK_TRACK", "null", 1);
	parse(PROGRAM_WRAP, "-tlocal");
	is_text(o.value[OPT_TRACK], "local", "the command line replaces");
	parse(PROGRAM_WRAP, "");
	is_text(o.value[OPT_TRACK], "null", "the environment");
	setenv("ITRACK_TRACK", "", 1);
	parse(PROGRAM_WRAP, "");
	is_text(o.value[OPT_TRACK], "local", "an empty variable is none");
	unsetenv("ITRACK_TRACK");

	fails(PROGRAM_WRAP, "-t|locla",
	    "unknown tracker locla (did you mean local?)");
	is_int(parse(PROGRAM_WRAP, "-t|local,"), 0, "a comma too many");
	fails(PROGRAM_WRAP, "--track=,", "--track names no tracker (local)");
}

static void
test_mistakes(void)
{
	char long_word[700];

	fails(PROGRAM_WRAP, "--trak",
	    "unknown option --trak (did you mean --track?)");
	fails(PROGRAM_WRAP, "--rtack=x",
	    "unknown option --rtack (did you mean --track?)");
	fails(PROGRAM_WRAP, "--exp=x",
	    "unknown option --exp (did you mean --experiment-name?)");
	fails(PROGRAM_WRAP, "--zzzzzz", "unknown option --zzzzzz");
	fails(PROGRAM_WRAP, "-Z", "unknown option -Z");
	fails(PROGRAM_WRAP, "-qZ", "unknown option -Z");
	fails(PROGRAM_SHOW, "--strict",
	    "itrack show does not take --strict; itrack-wrap does: exit "
	    "123 if a tracker did not get everything");
	fails(
	    PROGRAM_WRAP, "--drain", "--drain needs a value: --drain SECONDS");
	fails(PROGRAM_WRAP, "-t", "--track needs a value: --track LIST");
	fails(PROGRAM_WRAP, "--drain=1h",
	    "--drain is \"1h\", not seconds from 0 to 86400");
	fails(PROGRAM_WRAP, "--drain=86401",
	    "--drain is \"86401\", not seconds from 0 to 86400");
	fails(PROGRAM_WRAP, "--drain=.",
	    "--drain is \".\", not seconds from 0 to 86400");
	fails(PROGRAM_WRAP, "--points=1",
	    "--points is \"1\", not a number from 2 to 1000000000 or all");
	fails(PROGRAM_WRAP, "--artifacts=sfe",
	    "--artifacts is \"sfe\", not one of all|safe|none "
	    "(did you mean safe?)");
	fails(PROGRAM_WRAP, "--run-name=", "--run-name is empty");
	fails(PROGRAM_WRAP, "--strict=5",
	    "--strict is a flag: yes or no, not \"5\"");
	fails(PROGRAM_WRAP, "--bad\x1b[31m\n", "unknown option --bad?[31m?");
	fails(PROGRAM_WRAP, "--worse|--zzz", "unknown option --worse");
	memset(long_word, 'x', sizeof(long_word) - 1);
	memcpy(long_word, "--", 2);
	long_word[sizeof(long_word) - 1] = '\0';
	is_int(parse(PROGRAM_WRAP, long_word), -1, "a long unknown option");
	ok(strlen(message) < 100, "  has a short message");

	is_int(
	    parse(PROGRAM_WRAP, "--bad|--help"), 0, "--help after a mistake");
	ok(options_given(&o, OPT_HELP), "  is seen");
	is_int(parse(PROGRAM_WRAP, "x|--help"), 0, "--help of the command");
	ok(!options_given(&o, OPT_HELP), "  is not ours");
}

static void
test_config(void)
{
	char want[256];

	config("# a comment\n\n track = null # why not\nproject=x\n");
	is_int(parse(PROGRAM_WRAP, ""), -1, "an unknown name in the file");
	snprintf(want, sizeof(want),
	    "%s/itrack/config:4: unknown option project "
	    "(did you mean track-project?)",
	    home);
	is_text(message, want, "  file, line and the nearest");
	is_int(parse(PROGRAM_WRAP, "-h"), 0, "--help with a bad file");

	config("track = null # why not\r\nstrict = yes\nquiet=no\n"
	       "notes = \"see #5 \" # five\ntag = a#b\ntag = c\n"
	       "local-dir = ~/t\ndrain = 3\nmlflow-uri = http://h/#x");
	is_int(parse(PROGRAM_WRAP, ""), 0, message);
	is_text(o.value[OPT_TRACK], "null", "a comment behind a value");
	ok(options_given(&o, OPT_STRICT) && !options_given(&o, OPT_QUIET),
	    "flags");
	is_text(o.value[OPT_NOTES], "see #5 ", "quotes");
	is_text(o.tags[0], "a#b", "a # within a word");
	is_int((long long)o.tag_len, 2, "a tag in each line");
	is_text(options_of(&o, "local-dir"), "/home/x/t", "~/ in a path");
	is_text(options_of(&o, "mlflow-uri"), "http://h/#x", "the last line");
	is_int(o.source[OPT_DRAIN], FROM_FILE, "the source");

	setenv("ITRACK_DRAIN", "4", 1);
	setenv("MLFLOW_TRACKING_URI", "http://e", 1);
	parse(PROGRAM_WRAP, "--tag=z|--strict=no");
	is_int(options_drain_ms(&o), 4000, "the environment wins");
	is_text(options_of(&o, "mlflow-uri"), "http://h/#x",
	    "not the variable of a tracker that is not used");
	is_int((long long)o.tag_len, 1, "the command line's tags replace");
	ok(!options_given(&o, OPT_STRICT), "and its flags");
	parse(PROGRAM_SYNC, "");
	is_text(
	    options_of(&o, "mlflow-uri"), "http://e", "sync takes all of them");
	parse(PROGRAM_WRAP, "--drain=5");
	is_int(options_drain_ms(&o), 5000, "the command line wins");
	setenv("ITRACK_DRAIN", "soon", 1);
	is_int(parse(PROGRAM_WRAP, "--drain=5"), 0, "a variable not needed");
	fails(PROGRAM_WRAP, "",
	    "ITRACK_DRAIN is \"soon\", not seconds from 0 to 86400");
	clear_environment();

	config("drain 5\n");
	ok(parse(PROGRAM_WRAP, "") == -1 && strstr(message, ":1: not of the"),
	    "a line without =");
	config("notes = \"x\ntrack=local\n");
	ok(parse(PROGRAM_WRAP, "") == -1 && strstr(message, ":1: one double"),
	    "an open quote");
	config("run-dir = /x\n");
	is_int(parse(PROGRAM_WRAP, ""), -1, "an option for one call only");
	config("drain = 99999999\n");
	is_int(
	    parse(PROGRAM_WRAP, "--drain=1"), -1, "a bad value, needed or not");
	config("");
	is_int(parse(PROGRAM_WRAP, ""), 0, "an empty file");
	config(NULL);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	is_int(parse(PROGRAM_WRAP, ""), 0, "a relative directory is none");
	setenv("XDG_CONFIG_HOME", home, 1);
}

static void
test_modes(void)
{
	setenv("WANDB_MODE", "dryrun", 1);
	parse(PROGRAM_SYNC, "");
	is_text(options_of(&o, "wandb-mode"), "offline", "dryrun is offline");
	setenv("WANDB_MODE", "rubbish", 1);
	is_int(parse(PROGRAM_WRAP, "-tlocal"), 0, "not local's business");
	clear_environment();
}

static void
test_addresses(void)
{
	is_int(parse(PROGRAM_WRAP,
		   "-twandb|"
		   "--wandb-base-url=http://u:hush@api.wandb.ai"),
	    -1, "a key never goes there by http");
	ok(strstr(message, "--wandb-base-url is plain http") != NULL,
	    "it is said");
	ok(strstr(message, "hush") == NULL, "without what is in it");
	setenv("WANDB_BASE_URL", "http://api.wandb.ai", 1);
	is_int(parse(PROGRAM_WRAP, "-twandb"), -1, "nor by the variable");
	is_int(parse(PROGRAM_DOCTOR, "-twandb"), -1, "doctor says it too");
	is_int(parse(PROGRAM_WRAP, "-tlocal"), 0, "not local's business");
	setenv("WANDB_BASE_URL", "api.wandb.ai", 1);
	is_int(parse(PROGRAM_WRAP, "-twandb"), -1, "no scheme: no address");
	setenv("WANDB_BASE_URL", "http://wandb.example:8080", 1);
	is_int(parse(PROGRAM_WRAP, "-twandb"), 0, "another host by http");
	clear_environment();
}

static void
test_nearest(void)
{
	struct nearest n;
	char hint[NEAREST_HINT_MAX];

	nearest_init(&n, "staus");
	nearest_offer(&n, "sync");
	nearest_offer(&n, "status");
	nearest_offer(&n, "show");
	nearest_hint(&n, "", hint);
	is_text(hint, " (did you mean status?)", "the nearest");
	nearest_init(&n, "x");
	nearest_offer(&n, "all");
	ok(n.name == NULL, "nothing is near to x");
}

int
main(void)
{
	if (mkdtemp(home) == NULL)
		return 1;
	setenv("XDG_CONFIG_HOME", home, 1);
	setenv("HOME", "/home/x", 1);
	clear_environment();
	test_table();
	test_command_line();
	test_trackers();
	test_mistakes();
	test_config();
	test_modes();
	test_addresses();
	test_nearest();
	return done_testing();
}
