/*
 * The experiments of a run by model, or by probe, and what summary.json says of
 * each of these groups.
 *
 *	groups_init(&g, mapping, GROUP_PROBE);
 *	groups_read(&g, documents->summary, documents->summary_len);
 *	group = groups_find(&g, experiment);
 *	groups_release(&g);
 */
#ifndef MAPPING_GROUPS_H
#define MAPPING_GROUPS_H

#include <stdbool.h>
#include <stddef.h>

#include "mapping/documents.h"
#include "mapping/experiment.h"

enum group_kind { GROUP_MODEL, GROUP_PROBE };

struct group {
	const char *name; /* of the model or the probe; borrowed */
	size_t experiments;
	struct summary_group said;
};

struct groups {
	enum group_kind kind;
	struct group *list; /* by name, each once */
	size_t len;
};

void groups_init(
    struct groups *g, const struct mapping *m, enum group_kind kind);
void groups_release(struct groups *g);

/* Takes what the document says of these groups; bytes NULL: nothing. */
void groups_read(struct groups *g, const char *bytes, size_t len);

/* NULL: the experiment is of another run. */
const struct group *groups_find(
    const struct groups *g, const struct experiment *x);

#endif
