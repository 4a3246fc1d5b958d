/* The hash table: every pair is found, in a table that grows and shrinks, and
 * no other. */
#include <stdbool.h>
#include <string.h>

#include "base/multimap.h"
#include "tap.h"

#define KEYS   97
#define VALUES 50

static bool there[KEYS][VALUES];

static bool
is_as_expected(const struct multimap *m)
{
	for (uint64_t key = 0; key < KEYS; key++) {
		bool found[VALUES] = {false};

		for (uint32_t at = multimap_find(m, key * KEYS); at != 0;
		     at = multimap_next(m, at)) {
			uint32_t value = m->nodes[at].value;

			if (value >= VALUES || found[value])
				return false;
			found[value] = true;
		}
		if (memcmp(found, there[key], sizeof found) != 0)
			return false;
	}
	return true;
}

int
main(void)
{
	struct multimap m = {0};
	uint32_t chance = 1, room;

	is_int(multimap_find(&m, 1), 0, "an empty one");
	multimap_remove(&m, 1, 1);
	for (int i = 0; i < 20000; i++) {
		uint32_t key, value;

		chance = chance * 1664525 + 1013904223;
		key = (chance >> 8) % KEYS;
		value = (chance >> 16) % VALUES;
		if (!there[key][value])
			multimap_add(&m, (uint64_t)key * KEYS, value);
		else
			multimap_remove(&m, (uint64_t)key * KEYS, value);
		there[key][value] = !there[key][value];
	}
	ok(is_as_expected(&m), "every pair, and no other");
	room = m.room;
	for (uint32_t i = 0; i < 10 * room; i++) {
		multimap_add(&m, 1, i);
		multimap_remove(&m, 1, i);
	}
	is_int(m.room, room, "what comes and goes takes no room");
	ok(multimap_hash("a") != multimap_hash("b"), "texts have keys");
	multimap_release(&m);
	return done_testing();
}
