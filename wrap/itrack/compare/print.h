/*
 * The three forms in which a comparison is printed. All of them say the same; lists
 * that people read are cut after PRINT_LIST_MAX items, and say so.
 */
#ifndef WRAP_ITRACK_COMPARE_PRINT_H
#define WRAP_ITRACK_COMPARE_PRINT_H

#include "base/buf.h"
#include "wrap/itrack/compare/result.h"
#include "wrap/itrack/compare/rules.h"
#include "wrap/itrack/compare/settings.h"

#define PRINT_LIST_MAX 20

/* One record that changed sides. */
struct print_change {
	const struct match_slice *slice;
	const struct match_pair *pair;
	struct run_texts base_texts,
	    texts; /* without --records=text: nothing */
};

/* One run against the base. */
struct print_one {
	struct run *run;
	struct result result;
	struct figures figures;
	struct settings settings;
	struct print_change *changes; /* those that fail now first */
	size_t change_len, lost;
};

struct print {
	struct run *base;
	struct figures base_figures;
	struct print_one *list;
	size_t len;
	const struct rules *rules;
	bool texts; /* with prompts and answers */
	bool colours;
};

/* Each appends to `out`. */
void print_text(const struct print *p, struct buf *out);
void print_markdown(const struct print *p, struct buf *out);
void print_json(const struct print *p, struct buf *out);

/* The name of a run in the base or among the others, allocated text: "runs/a", for
 * an attempt also its name. */
char *print_name(const struct run *run);
/* A value for people: a rate in percent, another number. NaN: "-". Allocated. */
char *print_value(const char *metric, double value);
/* A difference, with its sign: "+1.2" (points of a percent), "-0.03". */
char *print_difference(const char *metric, double value);
/* "0.013", "<0.001". NaN: "-". */
char *print_p(double p);
/* "Alpha / LogicProbe", across models "Alpha -> Beta / LogicProbe". */
char *print_slice(const struct match_slice *slice);
/* How the records were matched, and which were not, in a sentence. */
void print_matching(const struct match *match, struct buf *out);

#endif
