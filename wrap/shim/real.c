#include "wrap/shim/real.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

#include "wrap/shim/tell.h"

struct real real;
bool real_known;

/* All symbols are looked up at once and early. dlsym takes the loader's lock,
 * and a forked child or a signal handler must not be the first to take it.
 * Threads that come here together write the same values. */
void
real_resolve_all(void)
{
	static const struct {
		void *slot;
		const char *name;
	} table[] = {
	    {&real.open, "open"},
	    {&real.open64, "open64"},
	    {&real.openat, "openat"},
	    {&real.openat64, "openat64"},
	    {&real.open_2, "__open_2"},
	    {&real.open64_2, "__open64_2"},
	    {&real.openat_2, "__openat_2"},
	    {&real.openat64_2, "__openat64_2"},
	    {&real.creat, "creat"},
	    {&real.creat64, "creat64"},
	    {&real.fopen, "fopen"},
	    {&real.fopen64, "fopen64"},
	    {&real.freopen, "freopen"},
	    {&real.freopen64, "freopen64"},
	    {&real.rename, "rename"},
	    {&real.renameat, "renameat"},
	    {&real.renameat2, "renameat2"},
	    {&real.prctl, "prctl"},
	    {&real.syscall, "syscall"},
	};
	int saved = errno;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		void *symbol = dlsym(RTLD_NEXT, table[i].name);

		memcpy(table[i].slot, &symbol, sizeof(symbol));
	}
	tell_find_receiver();
	errno = saved;
	__atomic_store_n(&real_known, true, __ATOMIC_RELEASE);
}

int
real_missing(void)
{
	errno = ENOSYS;
	return -1;
}
