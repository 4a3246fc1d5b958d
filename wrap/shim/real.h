/*
 * The functions behind the shim's, in the next library that has them.
 *
 *	EXPORT int
 *	creat(const char *path, mode_t mode)
 *	{
 *		real_resolve();
 *		if (real.creat == NULL)
 *			return real_missing();
 *		... real.creat(path, mode) ...
 */
#ifndef SHIM_REAL_H
#define SHIM_REAL_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#define EXPORT __attribute__((visibility("default")))

/* The last of syscall's seven arguments. Where it is passed on the stack, it
 * stays there, because our function is left by a jump; if the caller gave fewer
 * arguments, something else of the caller's stands there. */
#ifdef __x86_64__
#define LAST_PARAMETER
#define LAST_ARGUMENT
#define NO_LAST
#else
#define LAST_PARAMETER , long last
#define LAST_ARGUMENT  , last
#define NO_LAST        , 0
#endif

typedef int open_function(const char *, int, ...);
typedef int openat_function(int, const char *, int, ...);
typedef int open_2_function(const char *, int);
typedef int openat_2_function(int, const char *, int);
typedef int creat_function(const char *, mode_t);
typedef FILE *fopen_function(const char *, const char *);
typedef FILE *freopen_function(const char *, const char *, FILE *);
typedef int rename_function(const char *, const char *);
typedef int renameat_function(int, const char *, int, const char *);
typedef int renameat2_function(int, const char *, int, const char *, unsigned);
typedef int prctl_function(int, long, long, long, long);
typedef long syscall_function(
    long, long, long, long, long, long LAST_PARAMETER);

/* The functions behind ours. A symbol that this libc lacks stays NULL; nobody
 * can have been linked against it. */
extern struct real {
	open_function *open, *open64;
	openat_function *openat, *openat64;
	open_2_function *open_2, *open64_2;
	openat_2_function *openat_2, *openat64_2;
	creat_function *creat, *creat64;
	fopen_function *fopen, *fopen64;
	freopen_function *freopen, *freopen64;
	rename_function *rename;
	renameat_function *renameat;
	renameat2_function *renameat2;
	prctl_function *prctl;
	syscall_function *syscall;
} real;

/* Have they been looked up? */
extern bool real_known;

void real_resolve_all(void);

/* Other libraries' constructors may run before ours and open files: each of our
 * functions calls this first. */
static inline void
real_resolve(void)
{
	if (__builtin_expect(
		!__atomic_load_n(&real_known, __ATOMIC_ACQUIRE), 0))
		real_resolve_all();
}

/* Returns -1 and sets errno to ENOSYS. */
int real_missing(void);

#endif
