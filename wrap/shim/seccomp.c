/*
 * Stands before prctl and syscall, for the moment in which a program locks
 * itself up by seccomp: a filter may kill it for a system call that is not its
 * own, so from then on the shim makes none.
 */
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "wrap/shim/real.h"
#include "wrap/shim/tell.h"

/* Does prctl(PR_SET_SECCOMP, mode, filter) lock this program up? Without a
 * filter it is a question that programs ask to learn what the kernel can. */
static inline bool
is_lock(long mode, long filter)
{
	return mode == SECCOMP_MODE_STRICT ||
	    (mode == SECCOMP_MODE_FILTER && filter != 0);
}

static inline bool
is_lock_by_number(long number, long a, long b, long c)
{
	if (number == SYS_prctl)
		return a == PR_SET_SECCOMP && is_lock(b, c);
	if (number != SYS_seccomp)
		return false;
	return is_lock(a == SECCOMP_SET_MODE_STRICT ? SECCOMP_MODE_STRICT
		: a == SECCOMP_SET_MODE_FILTER      ? SECCOMP_MODE_FILTER
						    : SECCOMP_MODE_DISABLED,
	    c);
}

static __attribute__((noinline)) int
lock_by_prctl(int option, long mode, long filter, long c, long d)
{
	int result;

	tell_silent();
	result = real.prctl(option, mode, filter, c, d);
	if (result == 0)
		tell_never_again();
	return result;
}

/* Neither seccomp nor prctl takes as many arguments as syscall passes on. */
static __attribute__((noinline)) long
lock_by_syscall(long number, long a, long b, long c, long d, long e)
{
	long result;

	tell_silent();
	result = real.syscall(number, a, b, c, d, e NO_LAST);
	/* A result above zero is the filter's descriptor or the ID of a thread
	 * that was in the way: which of them it is does not matter. */
	if (result >= 0)
		tell_never_again();
	return result;
}

/*
 * prctl and syscall take a variable number of arguments, each in one register.
 * Arguments that the caller did not give are passed on unseen. Both functions
 * are left by a jump, so that a call that returns twice (clone) returns to the
 * caller.
 */
int forward_prctl(int option, long a, long b, long c, long d) __asm__("prctl");
long forward_syscall(long number, long a, long b, long c, long d,
    long e LAST_PARAMETER) __asm__("syscall");

EXPORT int
forward_prctl(int option, long a, long b, long c, long d)
{
	real_resolve();
	if (real.prctl == NULL)
		return real_missing();
	if (option == PR_SET_SECCOMP && tell_on && is_lock(a, b))
		return lock_by_prctl(option, a, b, c, d);
	return real.prctl(option, a, b, c, d);
}

EXPORT long
forward_syscall(
    long number, long a, long b, long c, long d, long e LAST_PARAMETER)
{
	real_resolve();
	if (real.syscall == NULL)
		return real_missing();
	if (tell_on && is_lock_by_number(number, a, b, c))
		return lock_by_syscall(number, a, b, c, d, e);
	return real.syscall(number, a, b, c, d, e LAST_ARGUMENT);
}
