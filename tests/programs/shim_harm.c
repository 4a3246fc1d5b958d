/*
 * A program that a preload library may harm: its paths point nowhere, its
 * signal handler has a small stack, it has locked itself up by seccomp. Works
 * in the current directory; the first argument is what to do.
 *
 *	shim_harm unmapped
 *		Calls with paths in memory that is not there; prints results.
 *	shim_harm stack PATH
 *		A signal handler makes PATH; prints how much of its stack was
 *		touched.
 *	shim_harm forward
 *		Calls prctl and syscall with few and with many arguments; prints
 *		what came of them.
 *	shim_harm lock HOW CALL [command [argument]...]
 *		Forbids CALL, a system call, on pain of death, or ("only") every
 *		call but those that opening and writing takes; then makes the
 *		files of a run, or executes the command. HOW: "prctl",
 *		"syscall", "libc" (libc's own function, that nobody stands
 *		before), "none" (asks what the kernel can, and is refused).
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define CREATE     (O_WRONLY | O_CREAT | O_TRUNC)
#define PAGE       ((size_t)65536) /* or several */
#define STACK_SIZE ((size_t)65536)
#define PATTERN    0xa5

static void
see(const char *call, int result)
{
	printf("%s %d errno %d\n", call, result, errno);
	errno = 77;
}

static void
each_call(const char *path)
{
	FILE *file;

	errno = 77;
	see("open", open(path, CREATE, 0600));
	see("open64", open64(path, CREATE, 0600));
	see("open to read", open(path, O_RDONLY));
	see("openat", openat(AT_FDCWD, path, CREATE, 0600));
	see("openat64", openat64(AT_FDCWD, path, O_RDWR | O_CREAT, 0600));
	see("creat", creat(path, 0600));
	see("creat64", creat64(path, 0600));
	see("rename from", rename(path, "x"));
	see("rename to", rename("x", path));
	see("renameat", renameat(AT_FDCWD, "x", AT_FDCWD, path));
	see("renameat2", renameat2(AT_FDCWD, "x", AT_FDCWD, path, 0));
	file = fopen(path, "w");
	see("fopen", file != NULL);
	file = fopen64(path, "a");
	see("fopen64", file != NULL);
	file = freopen(path, "w", fopen("/dev/null", "r"));
	see("freopen", path == NULL || file != NULL);
}

static int
do_unmapped(void)
{
	static const char marker[] = "x/.insidellms_run";
	size_t len = sizeof(marker);
	char *two = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
	    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (two == MAP_FAILED || mprotect(two + PAGE, PAGE, PROT_NONE) != 0)
		return 1;
	puts("nothing there");
	each_call(two + PAGE);
	each_call(two + PAGE + 5);
	/* By a variable: the compiler knows that a path is never NULL. */
	each_call(*(char *volatile *)&(char *){NULL});
	each_call((const char *)(uintptr_t)-4096);
	puts("the end is not there");
	memcpy(two + PAGE - len + 1, marker, len - 1);
	each_call(two + PAGE - len + 1);
	puts("just there");
	memcpy(two + PAGE - len, marker, len);
	mkdirat(AT_FDCWD, "x", 0700);
	see("open", open(two + PAGE - len, CREATE, 0600));
	return 0;
}

static const char *made_by_handler;

static void
on_signal(int signo)
{
	int fd = open(made_by_handler, CREATE, 0600);

	(void)signo;
	if (fd >= 0)
		close(fd);
}

static int
do_stack(const char *path)
{
	static unsigned char stack[STACK_SIZE];
	stack_t small = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = SA_ONSTACK};
	size_t untouched = 0;

	/* The loader takes stack of its own for a function's first call. */
	close(open("/dev/null", O_RDONLY));
	made_by_handler = path;
	memset(stack, PATTERN, sizeof(stack));
	if (sigaltstack(&small, NULL) != 0 ||
	    sigaction(SIGUSR1, &action, NULL) != 0 || raise(SIGUSR1) != 0)
		return 1;
	while (untouched < STACK_SIZE && stack[untouched] == PATTERN)
		untouched++;
	printf("%zu\n", STACK_SIZE - untouched);
	return access(path, F_OK) == 0 ? 0 : 1;
}

static int
do_forward(void)
{
	char name[16] = "";
	int fd = open("two-pages", O_RDWR | O_CREAT, 0600), status = -1;
	const char *second;
	long pid;

	if (pwrite(fd, "second", 7, (off_t)PAGE) != 7)
		return 1;
	/* All six arguments count. */
	second = (const char *)syscall(
	    SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, (off_t)PAGE);
	if (second != MAP_FAILED)
		puts(second);
	errno = 77;
	see("close", (int)syscall(SYS_close, -1));
	see("prctl", prctl(PR_SET_NAME, "forwarded"));
	see("prctl", prctl(PR_GET_NAME, name));
	puts(name);
	see("prctl", prctl(-1, 1, 2, 3, 4));
	fflush(stdout);
	/* Comes back twice. */
	pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (pid == 0)
		_exit(7);
	waitpid((pid_t)pid, &status, 0);
	printf("child %d\n", WEXITSTATUS(status));
	return 0;
}

static const struct {
	const char *name;
	unsigned number;
} calls[] = {
    {"socket", SYS_socket}, {"connect", SYS_connect}, {"sendmsg", SYS_sendmsg},
    {"getpid", SYS_getpid}, {"prctl", SYS_prctl}, {"getcwd", SYS_getcwd},
    {"readlinkat", SYS_readlinkat}, {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"read", SYS_read}, {"swapoff", SYS_swapoff}, /* which nobody here makes */
};

#define LOAD_NUMBER \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))
#define RETURN(what) BPF_STMT(BPF_RET | BPF_K, what)

static struct sock_fprog
make_filter(const char *call)
{
	static struct sock_filter forbid[] = {LOAD_NUMBER,
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
	    RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)};
	static struct sock_filter only[] = {LOAD_NUMBER,
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 4, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_write, 3, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 2, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
	    RETURN(SECCOMP_RET_KILL_PROCESS), RETURN(SECCOMP_RET_ALLOW)};

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
		if (strcmp(calls[i].name, call) == 0) {
			forbid[1].k = calls[i].number;
			return (struct sock_fprog){4, forbid};
		}
	}
	if (strcmp(call, "only") != 0)
		exit(2);
	return (struct sock_fprog){7, only};
}

/* 77: there is no seccomp here. */
static void
lock_up(const char *how, const char *call)
{
	struct sock_fprog filter = make_filter(call);
	int (*own)(int, ...) = NULL;
	void *symbol;
	long result;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		exit(77);
	if (strcmp(how, "prctl") == 0) {
		result = prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
	} else if (strcmp(how, "syscall") == 0) {
		result =
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &filter);
	} else if (strcmp(how, "libc") == 0) {
		symbol = dlsym(dlopen("libc.so.6", RTLD_NOW), "prctl");
		memcpy(&own, &symbol, sizeof(own));
		result = own(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter);
	} else {
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL);
		syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL);
		result = 0;
	}
	if (result != 0)
		exit(77);
}

static int
make_run(void)
{
	static const char *const names[] = {".insidellms_run", "records.jsonl",
	    "manifest.json", "something-else"};
	int failed = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd = open(names[i], CREATE, 0600);

		if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) != 0)
			failed = 1;
	}
	return failed;
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "unmapped") == 0)
		return do_unmapped();
	if (argc == 2 && strcmp(argv[1], "forward") == 0)
		return do_forward();
	if (argc == 3 && strcmp(argv[1], "stack") == 0)
		return do_stack(argv[2]);
	if (argc < 4 || strcmp(argv[1], "lock") != 0)
		return 2;
	lock_up(argv[2], argv[3]);
	if (argc == 4)
		_exit(make_run());
	execvp(argv[4], argv + 4);
	return 127;
}
