#include "base/random.h"

#include <stdlib.h>

void
random_name(char *text, size_t length)
{
	static const char letters[] = "0123456789abcdefghijklmnopqrstuvwxyz";
	size_t i;

	for (i = 0; i + 1 < length; i++)
		text[i] = letters[random_below(sizeof letters - 1)];
	text[i] = '\0';
}

uint32_t
random_below(uint32_t bound)
{
	return arc4random_uniform(bound);
}
