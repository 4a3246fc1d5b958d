/*
 * Guesses which directory a command will write, by insideLLMs' own rules,
 * from its arguments and environment. Pure, but for reading the `output_dir:` of a
 * harness's configuration.
 *
 * run:      --run-dir; --run-root ROOT/<id>; $INSIDELLMS_RUN_ROOT/<id>;
 *           $HOME/.insidellms/runs/<id>
 * harness:  --run-dir; --output-dir or -o; --run-root ROOT/<id>; output_dir: of
 *           the configuration; then as run
 *
 * <id> is --run-id, or a digest that can't be known from here: then only the
 * root is known. Options may be abbreviated and the last one wins, as argparse
 * has it.
 */
#ifndef WRAP_WORKER_SEARCH_GUESS_H
#define WRAP_WORKER_SEARCH_GUESS_H

#include <stdbool.h>

struct rundir_guess {
	bool names_insidellms; /* it is a `run` or a `harness` of insideLLMs */
	bool harness;          /* it is a `harness` */
	char *dir;             /* absolute, or NULL */
	char *root; /* the run is a directory in it; NULL if dir is known */
	char *config_path; /* as typed; NULL: not found in the arguments */
	char *results;     /* run's --output, absolute; NULL: not asked for */
};

/* Whose arguments they are. */
struct guess_from {
	const char *cwd; /* what paths are relative to; "": our own */
	const char *(*environment)(const char *name, void *data); /* getenv */
	void *data;
};

/* Nothing is found in a command that does not name insideLLMs: all NULL. */
void rundir_guess(struct rundir_guess *guess, int argc, char *const *argv,
    const struct guess_from *from);
/* The same with our own working directory and environment. */
void rundir_guess_own(struct rundir_guess *guess, int argc, char *const *argv);
void rundir_guess_release(struct rundir_guess *guess);

#endif
