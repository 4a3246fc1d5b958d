#include "base/random.h"

#include <stdlib.h>
#include <string.h>

static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";

void
random_name(char *text, size_t length)
{
	size_t i;

	for (i = 0; i + 1 < length; i++)
		text[i] = letters[random_below(sizeof letters - 1)];
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
	return arc4random_uniform(bound);
}
