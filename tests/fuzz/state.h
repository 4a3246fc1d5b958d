/* A state directory with one attempt in it, for targets that put a hostile file
 * into it. */
#ifndef TESTS_FUZZ_STATE_H
#define TESTS_FUZZ_STATE_H

#include "journal/journal.h"
#include "tests/fuzz/fuzz.h"

#define STATE_ATTEMPT "20261123T130842Z-4f8a1c0d9e2b"

/* As a process that was killed at once leaves it: "<name>/runs/<attempt>/" with
 * an empty journal. The path of `name`, allocated. */
__attribute__((unused)) static char *
fuzz_make_state(const char *name)
{
	char *state = fuzz_make_dir(name);
	struct journal *j = journal_create(state, STATE_ATTEMPT, NULL);

	expect(!journal_in_memory(j));
	journal_close(j);
	return state;
}

#endif
