/*
 * Shared by the files of this folder. Nobody else but the tests includes it.
 */
#ifndef WRAP_OPTIONS_PRIVATE_H
#define WRAP_OPTIONS_PRIVATE_H

#include "wrap/options/options.h"

/* The state while command line, environment and file are read. */
struct parse {
	struct options *options;
	enum program program;
	unsigned trackers; /* of --track so far: bit i is tracker_about_at(i) */
	const char *file;  /* of the config file while it is read, else NULL */
	unsigned line;
	bool failed;   /* message holds the first complaint */
	char *message; /* OPTIONS_MESSAGE_MAX bytes */
};

/* The row of a long name of `len` bytes, or of a letter; NULL: none. */
const struct option_row *options_row(const char *name, size_t len);
const struct option_row *options_row_of_letter(char letter);

/* "itrack-wrap", "itrack show": for messages. */
const char *options_program_name(enum program program);

/* Notes what is wrong; the first complaint stays, control characters in it
 * become '?'. Always returns -1. */
int options_complain(struct parse *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Checks the value's form and takes it, unless a source of higher rank has
 * given one. `label` is what the user wrote: "--drain", "ITRACK_DRAIN",
 * "drain". A flag's value is NULL (set), or yes or no in words. */
int options_set(struct parse *p, const struct option_row *row,
    const char *label, const char *value, enum option_source source);

/* Complains of a rule of --stop-if that is none, or whose name no running value
 * has. "no", which takes the rules back, is none to complain of. */
int options_check_rule(struct parse *p, const char *label, const char *value);
/* Takes a rule, or takes all of them back. */
int options_add_rule(struct parse *p, const char *label, const char *value,
    enum option_source source);

/* The same for a target of --notify. */
int options_check_notify(struct parse *p, const char *label, const char *value);
int options_add_notify(struct parse *p, const char *label, const char *value,
    enum option_source source);
/* Complains of a target whose address nobody has given. */
int options_check_addresses(struct parse *p);

/* Allocates zeroed memory, or a copy of bytes with a NUL behind them. It lives
 * as long as the process. NULL: there is no memory. */
void *options_allocate(size_t size);
char *options_keep(const char *text, size_t len);
/* Frees all memory that was kept, for tests that parse many times. */
void options_forget(void);

/* Reads the config file if there is one. */
int options_config(struct parse *p);
/* Reads the config file's content; `path` is for messages. */
int options_config_text(
    struct parse *p, const char *path, const char *text, size_t len);

/* The option that has replaced one of this name; NULL: there was none. */
const char *options_successor(const char *name);

/* For a word that is no known name: the nearest of the names offered so far. */
struct nearest {
	const char *word;
	const char *name; /* NULL: nothing is near */
	size_t distance;
};

void nearest_init(struct nearest *n, const char *word);
void nearest_offer(struct nearest *n, const char *name);
/* Makes " (did you mean --NAME?)", with `dashes` before the name, or "". */
#define NEAREST_HINT_MAX 80
void nearest_hint(
    const struct nearest *n, const char *dashes, char hint[NEAREST_HINT_MAX]);

/* May it stand on the command line? An address that is a secret may not: others
 * see the arguments of a process. */
static inline bool
options_may_be_typed(const struct option_row *row)
{
	return row->form != FORM_SECRET_URL;
}

#endif
