#include "base/random.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"

/* Random bytes that the kernel gives every process at its start
 * (getauxval(3)). */
#define START_BYTES 16
/* Numbers that are asked for at once: 256 bytes, which getrandom(2) never
 * gives in part. */
#define BATCH_MAX 32

static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

/* The fallback where the kernel gives no random bytes (a filter of system
 * calls, a kernel before 3.17): splitmix64 over values that differ between
 * processes and moments. The result is no secret, but no name comes twice. */
static uint64_t
next_best(void)
{
	static _Atomic uint64_t count;
	const void *start = (const void *)getauxval(AT_RANDOM);
	uint64_t part[START_BYTES / sizeof(uint64_t)] = {0}, x;

	if (start != NULL)
		memcpy(part, start, sizeof part);
	x = part[0] ^ (part[1] + (uint64_t)clock_wall_us()) ^
	    (uint64_t)getpid() << 32;
	x += ++count * 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Numbers that the kernel gave in one call. */
struct batch {
	uint64_t numbers[BATCH_MAX];
	size_t left;
};

static uint64_t
next(struct batch *batch, size_t want)
{
	size_t size;
	ssize_t n;

	if (batch->left > 0)
		return batch->numbers[--batch->left];
	if (want > BATCH_MAX)
		want = BATCH_MAX;
	size = want * sizeof batch->numbers[0];
	/* The kernel returns so few bytes completely or not at all. */
	do
		n = getrandom(batch->numbers, size, 0);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)size)
		return next_best();
	batch->left = want - 1;
	return batch->numbers[want - 1];
}

/* `want`: so many numbers are still needed. */
static uint32_t
below(uint32_t bound, struct batch *batch, size_t want)
{
	uint64_t whole, x;

	if (bound < 2)
		return 0;
	/* Numbers behind the last whole multiple would favour small results. */
	whole = UINT64_MAX - UINT64_MAX % bound;
	do
		x = next(batch, want);
	while (x >= whole);
	return (uint32_t)(x % bound);
}

void
random_name(char *text, size_t length)
{
	struct batch batch = {.left = 0};
	size_t i;

	for (i = 0; i + 1 < length; i++)
		text[i] =
		    letters[below(sizeof letters - 1, &batch, length - 1 - i)];
	text[i] = '\0';
}

bool
random_is_name(const char *text, size_t length)
{
	return strspn(text, letters) >= length;
}

uint32_t
random_below(uint32_t bound)
{
	struct batch batch = {.left = 0};

	return below(bound, &batch, 1);
}
