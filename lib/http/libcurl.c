/* Loads libcurl, by the name that the linker would have noted for it (LIBCURL), so
 * that it is found where the program's other libraries are. */
#include "http/libcurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

struct libcurl libcurl;

static bool loaded;

/* POSIX lets dlsym() return functions; C knows no such conversion. */
static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof found);
	return found != NULL;
}

int
libcurl_load(struct err *err)
{
	void *library;
	bool whole = true;

	if (loaded)
		return 0;
	library = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	if (library == NULL)
		return err_set(err, -ENOTSUP,
		    "libcurl can't be loaded: %s: install it", dlerror());
#define LIBCURL_FIND(name) \
	whole = find(library, "curl_" #name, &libcurl.name) && whole;
	LIBCURL_FUNCTIONS(LIBCURL_FIND)
#undef LIBCURL_FIND
	if (!whole || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -ENOTSUP, "%s can't be used%s", LIBCURL,
		    whole ? "" : ": it is older than 7.85");
	loaded = true;
	return 0;
}
