/*
 * Describes a tracker before it runs: its name, its options, where its files go
 * and what it can take. Plain data, libc only, for the launcher, the commands,
 * the library and the tracker itself. Each tracker has its own in
 * lib/tracker/NAME/about.c; lib/tracker/list.h names them all.
 */
#ifndef TRACKER_ABOUT_H
#define TRACKER_ABOUT_H

#include <stdbool.h>
#include <stddef.h>

/* What the value of an option must look like. */
enum option_form {
	FORM_FLAG,          /* no value, or yes or no in words */
	FORM_SWITCH,        /* a flag that is set unless it is taken back: no */
	FORM_OPTIONAL_WORD, /* --name or --name=word */
	FORM_TEXT,          /* anything, may be empty */
	FORM_NAME,          /* not empty */
	FORM_URL,           /* http or https, by which a key may go; `choices`:
			     * a domain that is reached by https alone */
	FORM_TRACKING_URI,  /* a server or a directory (format/trackinguri.h) */
	FORM_PAIR,          /* NAME=VALUE, where NAME is not empty */
	FORM_PATH,          /* not empty; made absolute when it is used */
	FORM_TRACKERS,      /* comma list of known trackers; each counts once */
	FORM_CHOICE,        /* one of `choices` */
	FORM_SECONDS,       /* 0 .. 86400, fractions allowed */
	FORM_INTERVAL,      /* seconds above 0, or yes or no in words */
	FORM_SECRET_URL,    /* the same, itself a secret: on no command line */
	FORM_NOTIFY,        /* a target of --notify, or no: none */
	FORM_RULE,          /* a rule (format/rule.h), or no: none */
	FORM_POINTS,        /* 2 .. 1000000000, or "all" */
};

/* Which programs take an option of a tracker. */
enum option_use {
	USE_ATTEMPT, /* programs that begin an attempt: itrack-wrap, import */
	USE_PLACE,   /* and those that only examine or log: doctor, log */
	USE_REACH,   /* and sync, which may send a run elsewhere */
};

/* Another word for a value, which the tracker's own program accepts, too. */
struct option_word {
	const char *old, *now;
};

/* One option of a tracker. */
struct about_option {
	const char *name;     /* long form without dashes: "mlflow-uri" */
	const char *variable; /* environment variable, or NULL */
	const char *argument; /* what --help calls the value; NULL: a flag */
	enum option_form form;
	const char *choices; /* of FORM_CHOICE, FORM_OPTIONAL_WORD, FORM_URL */
	const struct option_word *old_words; /* ends with {NULL, NULL} */
	enum option_use use;
	const char *help; /* one line */
	/* The option decides where a run goes: it is not applied to a run that
	 * exists already. */
	bool destination;
	/* The option names one run there: of the runs of a command the first one
	 * has it, and no other. */
	bool one_run;

	/* For the library: the option's name there (NULL: it has none), the
	 * value that counts if none is given, and whether the config's
	 * experiment name comes before that value. */
	const char *library;
	const char *library_default;
	bool library_alone; /* the variable is not for the library */
	bool library_experiment;
};

/* How a tracker takes a table: not at all, as an artifact file, or as a file of
 * rows that it reads itself. */
enum tables { TABLES_NONE, TABLES_ARTIFACT, TABLES_ROWS };

/* How a tracker takes the records of a run (--records): not at all; as a table,
 * for which it gathers them; or each for itself, also after the end. */
enum records { RECORDS_NONE, RECORDS_TABLE, RECORDS_TRACES };

struct tracker_about {
	const char *name;
	bool hidden; /* accepted, but shown nowhere: for tests */
	const struct about_option *options;
	size_t option_count;

	/* The option that names the directory of its runs, and the name of the
	 * directory beside each run directory that is used without that option;
	 * NULL: the tracker has no such directory, or decides itself. */
	const char *root, *beside;

	/* The option that names another place, as it is typed: for who hears
	 * that this place can't be written; NULL: there is none. */
	const char *elsewhere;

	/* For the library: runs are in a directory for the project below the
	 * root; a run without a name gets its time in ISO 8601 as name; the
	 * option that stands for the config's project, or NULL; what can be
	 * logged. */
	bool with_project, iso_names;
	bool folders_in_names; /* a slash in a run's ID makes a folder */
	const char *library_project;
	/* The option that a run's ID is given by (its variable counts for the
	 * first run of a program), and the characters that it must not have;
	 * NULL: the ID is ours alone. */
	const char *run_id_option, *run_id_without;
	bool attempt_is_id; /* a run without one has the attempt's name there */
	/* The option that may be a directory; there the ID is a digest of the
	 * attempt's name. NULL: there is none. */
	const char *digest_is_id;
	/* Else the destination chooses the ID when the run is begun there. */
	bool gives_id;
	enum tables tables;
	bool histograms, models;
	bool artifact_paths; /* it shows where an artifact is: any path */

	enum records records;
	/* Of RECORDS_NONE: what the report says of --records, once; NULL: that
	 * there is no place for them. */
	const char *records_note;
};

/* Declares tracker_about_NAME for each tracker. */
#define TRACKER(name) extern const struct tracker_about tracker_about_##name;
#include "tracker/list.h"
#undef TRACKER

/* The i-th tracker; NULL behind the last. */
const struct tracker_about *tracker_about_at(size_t i);
/* NULL: no such tracker. */
const struct tracker_about *tracker_about_find(const char *name);

#endif
