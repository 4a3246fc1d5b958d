#include "base/closing.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Where the limit is none: more than a shell or a batch system leaves open. */
#define NUMBERS_MAX 65536

void
closing_range(unsigned first, unsigned last)
{
	struct rlimit limit;
	unsigned end = NUMBERS_MAX;

	/* glibc has had a function for it since 2.34. */
	if (syscall(SYS_close_range, first, last, 0) == 0)
		return;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < end)
		end = (unsigned)limit.rlim_cur;
	for (unsigned fd = first; fd < end && fd <= last; fd++)
		close((int)fd);
}
