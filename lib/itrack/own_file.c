#include "itrack/own_file.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/die.h"

#define DELETED " (deleted)"

static bool
has_suffix(const char *text, const char *suffix)
{
	size_t len = strlen(text), suffix_len = strlen(suffix);

	return len >= suffix_len &&
	    strcmp(text + len - suffix_len, suffix) == 0;
}

/* Reads a line of /proc/self/maps: "from-to mode offset device inode path".
 * Returns the path of the mapping if it holds `address`, else NULL. */
static char *
path_in(char *line, uintptr_t address)
{
	uintptr_t from, to;
	char *path;

	if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR, &from, &to) != 2 ||
	    address < from || address >= to)
		return NULL;
	path = strchr(line, '/');
	if (path == NULL)
		return NULL;
	path[strcspn(path, "\n")] = '\0';
	if (has_suffix(path, DELETED))
		path[strlen(path) - strlen(DELETED)] = '\0';
	/* The kernel writes a newline so, and a name may hold the same
	 * characters. */
	return strstr(path, "\\012") == NULL ? path : NULL;
}

/* The path as the kernel has it: absolute, whatever path the loader was
 * given. */
static char *
by_mapping(uintptr_t address)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char *line = NULL, *path = NULL;
	size_t size = 0;

	if (maps == NULL)
		return NULL;
	while (path == NULL && getline(&line, &size, maps) >= 0)
		path = path_in(line, address);
	if (path != NULL)
		path = xstrdup(path);
	free(line);
	fclose(maps);
	return path;
}

/* The path that opened the library, "" for the program itself, NULL: unknown. */
static const char *
name_of_loader(void *address)
{
#ifdef __GLIBC__
	struct link_map *map = NULL;
	Dl_info info;

	if (dladdr1(address, &info, (void **)&map, RTLD_DL_LINKMAP) == 0 ||
	    map == NULL)
		return NULL;
	return map->l_name;
#else
	/* With another C library we are a part of a static program alone. */
	(void)address;
	return "";
#endif
}

/* The fallback without /proc. The loader knows a library by the path that
 * opened it; it has no path of the program, but the kernel says what it
 * executed. */
static char *
by_loader(void *address)
{
	const char *name = name_of_loader(address);

	if (name != NULL && name[0] == '\0')
		name = (const char *)getauxval(AT_EXECFN);
	return name != NULL && name[0] == '/' ? realpath(name, NULL) : NULL;
}

char *
own_file(void)
{
	void *here = (void *)(uintptr_t)&own_file;
	char *path = by_mapping((uintptr_t)here);

	return path != NULL ? path : by_loader(here);
}
