/*
 * A run as `itrack compare` and `itrack report` need it: its directory as `itrack
 * show` reads it, and each record by itself, with what it is matched by.
 *
 *	run_read(&run, dir, &err);
 *	... run.survey, run.cases[i] ...
 *	run_release(&run);                      also after an error
 */
#ifndef WRAP_ITRACK_COMPARE_RUN_H
#define WRAP_ITRACK_COMPARE_RUN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "journal/entry.h"
#include "mapping/quantiles.h"
#include "mapping/texts.h"
#include "watcher/survey.h"

/* One record. The texts (format/text.h) are its own. */
struct run_case {
	/* NULL: it belongs to no experiment */
	const struct experiment *experiment;
	uint64_t number; /* of its line, from 1 */
	uint64_t digest; /* of its question (mapping/question.h) */
	char *key;       /* insideLLMs' replicate key; NULL: it has none */
	char *example;
	bool success;
	const char *status, *error_type; /* the run's; "" for none */
	double latency_ms;               /* NaN: none */
	/* By the index of the name in the survey's scores; NaN: none. */
	double *scores;
	size_t score_len;
};

struct run {
	struct survey survey;
	char *dir;     /* bytes, as it was given or found */
	char *attempt; /* that it was found by; NULL: it was named itself */
	struct run_case *cases;
	size_t len, cap;
	struct texts statuses, error_types; /* each with its records */
	struct quantiles latency_ms;        /* of the successful ones */
	struct sum latency_sum_ms;
	/* The params of the configuration, a PARAMS entry; `config_why`: why there
	 * is none, or what is left out of it, a text; NULL: nothing. */
	struct entry config;
	char *config_why;
};

int run_read(struct run *run, const char *dir, struct err *err);
void run_release(struct run *run);

/* Has it an experiment that counts? */
bool run_case_counts(const struct run_case *c);
/* The score by its name; NaN: the record has none of it. */
double run_case_score(
    const struct run *run, const struct run_case *c, const char *name);

/* The texts of a record. NULL: it has none. */
struct run_texts {
	char *input, *output, *error;
};
/* Reads the texts of these records, given in rising order of their lines. */
int run_read_texts(const struct run *run, const struct run_case *const *cases,
    size_t len, struct run_texts *texts, struct err *err);
void run_texts_release(struct run_texts *texts);

#endif
