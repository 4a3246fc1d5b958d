/* Loads libcurl, by the name that the linker would have noted for it (LIBCURL), so
 * that it is found where the program's other libraries are; nothing is loaded where
 * the program has it in it. */
#include "http/libcurl.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#ifdef LIBCURL_LINKED
static int
take(struct err *err)
{
	(void)err;
	return 0;
}
#else
struct libcurl libcurl;

/* POSIX lets dlsym() return functions; C knows no such conversion. */
static bool
find(void *library, const char *name, void *function)
{
	void *found = dlsym(library, name);

	memcpy(function, &found, sizeof found);
	return found != NULL;
}

static int
take(struct err *err)
{
	void *library = dlopen(LIBCURL, RTLD_NOW | RTLD_LOCAL);
	bool whole = true;

	if (library == NULL)
		return err_set(err, -ENOTSUP,
		    "libcurl can't be loaded: %s: install it", dlerror());
#define LIBCURL_FIND(name) \
	whole = find(library, "curl_" #name, &libcurl.name) && whole;
	LIBCURL_FUNCTIONS(LIBCURL_FIND)
#undef LIBCURL_FIND
	return whole ? 0
		     : err_set(err, -ENOTSUP,
			   "%s can't be used: it is older than 7.85", LIBCURL);
}
#endif

int
libcurl_load(struct err *err)
{
	static bool loaded;
	int result;

	if (loaded)
		return 0;
	result = take(err);
	if (result < 0)
		return result;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, -ENOTSUP, "libcurl can't be used");
	loaded = true;
	return 0;
}
