/*
 * Executes a command for which the kernel refuses some newer system calls, as
 * the filter of a container or an old kernel does.
 *
 *	find_refuse EPERM|ENOSYS CALL... -- COMMAND [ARGUMENT]...
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CALLS_MAX 16

static const struct {
	const char *name;
	long number;
} calls[] = {
    {"statx", SYS_statx},
    {"pidfd_open", SYS_pidfd_open},
    {"close_range", SYS_close_range},
    {"signalfd4", SYS_signalfd4},
    {"memfd_create", SYS_memfd_create},
    {"clone3", SYS_clone3},
    {"copy_file_range", SYS_copy_file_range},
    {"renameat2", SYS_renameat2},
    {"inotify_init1", SYS_inotify_init1},
    {"epoll_create1", SYS_epoll_create1},
    {"epoll_ctl", SYS_epoll_ctl},
    {"epoll_pwait", SYS_epoll_pwait},
    {"getrandom", SYS_getrandom},
};

static long
number_of(const char *name)
{
	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		if (strcmp(name, calls[i].name) == 0)
			return calls[i].number;
	return -1;
}

int
main(int argc, char **argv)
{
	struct sock_filter filter[2 * CALLS_MAX + 2] = {BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr))};
	struct sock_fprog program = {.len = 1, .filter = filter};
	unsigned refusal = SECCOMP_RET_ERRNO;
	int at = 2;

	if (argc < 4)
		return 2;
	refusal |= strcmp(argv[1], "EPERM") == 0 ? EPERM : ENOSYS;
	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		long number = number_of(argv[at]);

		if (number < 0 || program.len > 2 * CALLS_MAX - 1)
			return 2;
		filter[program.len++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1);
		filter[program.len++] =
		    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, refusal);
	}
	filter[program.len++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0) {
		perror("no filter");
		return 77;
	}
	execvp(argv[at + 1], argv + at + 1);
	perror(argv[at + 1]);
	return 127;
}
