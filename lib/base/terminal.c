#include "base/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"

bool
terminal_redraws(int fd)
{
	const char *term = getenv("TERM");

	return isatty(fd) == 1 && term != NULL && strcmp(term, "dumb") != 0;
}

bool
terminal_wants_colours(void)
{
	return environment_value("NO_COLOR") == NULL;
}
