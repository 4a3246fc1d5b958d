/*
 * Decides whether what looks like a run is one of its own, or a copy of one that
 * the same command has written, or that one itself, whose files were touched or
 * edited behind its end.
 *
 * A command that copies the directory of its run writes the same
 * files under the same names; what tells it is that they are the same, and that
 * it writes them in another way than insideLLMs does, or gives them the times of
 * the original. A program that touches or edits the files of a complete run writes
 * none of those with which a run begins, and adds nothing to its records, as a run
 * that is resumed does. So what may be either is held back until it is known.
 */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "watcher/identity.h"
#include "wrap/attempt/past.h"
#include "wrap/worker/private.h"

static const char *
id_of(const struct run *run)
{
	return run->attempt != NULL ? attempt_run_id(run->attempt)
				    : run->run_id;
}

static bool
is_elsewhere(const struct run *run, const struct run *other)
{
	return other != run && strcmp(other->dir, run->dir) != 0 &&
	    !watcher_identity_equal(&other->identity, &run->identity);
}

/* Was it written as insideLLMs writes, or can that not be told? */
static bool
may_be_genuine(const struct run *run)
{
	return run->genuine || *run->runs->config.crowded;
}

/* Must it wait until it is known to be no copy? */
static bool
may_be_copy(const struct run *run)
{
	const char *id = run->attempt != NULL ? id_of(run) : NULL;
	const struct run *other;

	if (may_be_genuine(run))
		return false;
	TAILQ_FOREACH (other, &run->runs->list, link) {
		if (other == run)
			break;
		if (is_elsewhere(run, other) &&
		    (id == NULL || id_of(other) == NULL ||
			strcmp(id, id_of(other)) == 0))
			return true;
	}
	return false;
}

const struct run *
run_before(const struct run *run)
{
	const struct run *other, *before = NULL;

	TAILQ_FOREACH (other, &run->runs->list, link) {
		if (other == run)
			break;
		if (watcher_identity_equal(&other->identity, &run->identity))
			before = other;
	}
	return before;
}

/* Returns the complete run before it in the same directory, if it has none of the
 * signs of another. */
static const struct run *
may_be_edit_of(const struct run *run)
{
	const struct run *before = run_before(run);

	if (before == NULL || before->run_id == NULL ||
	    !before->manifest.there || may_be_genuine(run))
		return NULL;
	for (size_t i = 0; i < RUN_SIGNS; i++)
		if (run->begins[i] > 0)
			return NULL;
	return before;
}

/* Do its records, `bytes` so far, go on behind those of the other? */
static bool
goes_on(struct run *run, const struct run *before, int64_t bytes)
{
	struct attempt_past past = {.records_bytes = before->records_bytes,
	    .records_crc32c = before->records_crc32c};
	int fits;

	if (bytes <= before->records_bytes || run->differs)
		return false;
	fits = attempt_past_fits(&past, run->dir, NULL);
	run->differs = fits == 0;
	return fits != 0;
}

static bool
may_be_edit(struct run *run)
{
	const struct run *before = may_be_edit_of(run);
	struct attempt_index_facts facts;

	if (before == NULL || run->attempt == NULL)
		return false;
	attempt_index_facts(run->attempt, &facts);
	return !goes_on(run, before, facts.records_bytes);
}

const struct run *
run_edited(struct run *run, bool *changed)
{
	const struct run *before = may_be_edit_of(run);

	if (before == NULL || goes_on(run, before, run->records_bytes))
		return NULL;
	*changed = run->records_bytes != before->records_bytes ||
	    run->records_crc32c != before->records_crc32c;
	/* Other records and another manifest are another run. */
	return *changed && run->manifest.there &&
		!identity_stamp_equal(&run->manifest, &before->manifest)
	    ? NULL
	    : before;
}

void
runs_let_go(struct runs *runs)
{
	struct run *run;

	TAILQ_FOREACH (run, &runs->list, link) {
		if (!run->held || may_be_copy(run) || may_be_edit(run))
			continue;
		run->held = false;
		if (run->attempt != NULL)
			attempt_let_go(run->attempt);
	}
}

void
run_note_facts(struct run *run)
{
	struct attempt_index_facts facts;
	const char *id = attempt_run_id(run->attempt);

	attempt_index_facts(run->attempt, &facts);
	free(run->run_id);
	run->run_id = id != NULL ? xstrdup(id) : NULL;
	run->records_bytes = facts.records_bytes;
	run->records_crc32c = facts.records_crc32c;
	if (attempt_watcher(run->attempt) != NULL)
		run->manifest =
		    *watcher_manifest(attempt_watcher(run->attempt));
}

/* Its records are those of the other, or the first of them. */
static bool
has_records_of(const struct run *run, const struct run *other)
{
	struct attempt_past some = {.records_bytes = run->records_bytes,
	    .records_crc32c = run->records_crc32c};

	if (run->records_bytes == 0)
		return false;
	if (run->records_bytes == other->records_bytes)
		return run->records_crc32c == other->records_crc32c;
	return run->records_bytes < other->records_bytes &&
	    attempt_past_fits(&some, other->dir, NULL) > 0;
}

/* Its manifest has the time of the other's and is older than its directory. (Two
 * runs may end in the same tick of the clock of file times.) */
static bool
has_time_of(const struct run *run, const struct run *other)
{
	return run->manifest.there && other->manifest.there &&
	    run->manifest.mtime_ns == other->manifest.mtime_ns &&
	    run->manifest.mtime_ns < run->identity.birth_ns;
}

const struct run *
run_original(const struct run *run)
{
	struct run *other;

	if (may_be_genuine(run) || run->run_id == NULL)
		return NULL;
	TAILQ_FOREACH (other, &run->runs->list, link) {
		if (other == run)
			break;
		if (!is_elsewhere(run, other))
			continue;
		if (other->attempt != NULL)
			run_note_facts(other);
		if (other->run_id != NULL &&
		    strcmp(other->run_id, run->run_id) == 0 &&
		    (run->in_place || has_time_of(run, other)) &&
		    has_records_of(run, other))
			return other;
	}
	return NULL;
}
