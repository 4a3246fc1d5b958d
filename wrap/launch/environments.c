#include "wrap/launch/environments.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/environment.h"
#include "wrap/shim/message.h"

#define PRELOAD_VARIABLE "LD_PRELOAD"
/* The loader takes each of these between two libraries. */
#define PRELOAD_SEPARATORS " :"

static bool
is_variable(const char *entry, const char *name)
{
	size_t len = strlen(name);

	return strncmp(entry, name, len) == 0 && entry[len] == '=';
}

/* Copies the environment into an array with room for `more` entries. */
static char **
copy_environment(size_t more, size_t *count)
{
	char **copy;

	for (*count = 0; environ != NULL && environ[*count] != NULL;)
		++*count;
	copy = calloc(*count + more + 1, sizeof(*copy));
	if (copy != NULL && *count > 0)
		memcpy(copy, environ, *count * sizeof(*copy));
	return copy;
}

/* "name=value" */
static char *
join(const char *name, const char *before, const char *separator,
    const char *value)
{
	char *entry;

	if (asprintf(&entry, "%s=%s%s%s", name, before, separator, value) < 0)
		return NULL;
	return entry;
}

/* Finds a library in an LD_PRELOAD list. */
static const char *
find_in_list(const char *list, const char *library)
{
	size_t len = strlen(library);

	for (;;) {
		list += strspn(list, PRELOAD_SEPARATORS);
		if (*list == '\0')
			return NULL;
		if (strcspn(list, PRELOAD_SEPARATORS) == len &&
		    strncmp(list, library, len) == 0)
			return list;
		list += strcspn(list, PRELOAD_SEPARATORS);
	}
}

/* Returns what LD_PRELOAD was, with ours behind it; NULL when there is no
 * memory. */
static char *
with_shim(char *entry, const char *shim)
{
	const char *value = entry + strlen(PRELOAD_VARIABLE "=");

	if (find_in_list(value, shim) != NULL)
		return entry; /* another itrack-wrap is around us */
	return join(PRELOAD_VARIABLE, value, *value != '\0' ? ":" : "", shim);
}

char **
environments_for_command(const char *shim, const char *socket)
{
	size_t count;
	char **copy = copy_environment(2, &count);
	char **preload = NULL, **told = NULL;

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		/* Given twice, the loader takes the last. */
		if (is_variable(copy[i], PRELOAD_VARIABLE))
			preload = &copy[i];
		if (is_variable(copy[i], MESSAGE_SOCKET_VARIABLE))
			told = &copy[i];
	}
	if (shim != NULL && preload != NULL)
		*preload = with_shim(*preload, shim);
	else if (shim != NULL)
		*(preload = &copy[count++]) =
		    join(PRELOAD_VARIABLE, "", "", shim);
	if (told == NULL)
		told = &copy[count++];
	*told = join(MESSAGE_SOCKET_VARIABLE, "", "", socket);
	if (*told == NULL || (shim != NULL && *preload == NULL))
		return NULL;
	return copy;
}

char **
environments_for_worker(void)
{
	size_t count, kept = 0;
	char **copy = copy_environment(0, &count);

	if (copy == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (!is_variable(copy[i], MESSAGE_SOCKET_VARIABLE) &&
		    environment_keeps(copy[i]))
			copy[kept++] = copy[i];
	copy[kept] = NULL;
	return copy;
}
