#include "tracker/common/number_cache.h"

#include "base/multimap.h"

static struct multimap taken, attempts;

static uint64_t
key_of(uint64_t place, const char *attempt)
{
	return place * 31 + multimap_hash(attempt);
}

static int
get(const struct multimap *m, uint64_t key)
{
	uint32_t at = multimap_find(m, key);

	return at != 0 ? (int)multimap_value(m, at) : 0;
}

static void
put(struct multimap *m, uint64_t key, int number)
{
	uint32_t at = multimap_find(m, key);

	if (at != 0)
		m->nodes[at].value = (uint32_t)number;
	else
		multimap_add(m, key, (uint32_t)number);
}

int
numbers_taken(uint64_t place)
{
	return get(&taken, place);
}

int
numbers_of(uint64_t place, const char *attempt)
{
	return get(&attempts, key_of(place, attempt));
}

void
numbers_note(uint64_t place, const char *attempt, int number)
{
	put(&attempts, key_of(place, attempt), number);
}

void
numbers_pass(uint64_t place, int number)
{
	if (number > numbers_taken(place))
		put(&taken, place, number);
}
