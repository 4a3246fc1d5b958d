/*
 * Runs a command, and one system call of one of its programs fails.
 *
 *	fail_call -o LOG [-x PROGRAM] COMMAND...
 *	    counts: LOG gets a line "count PROGRAM CALL NUMBER" for each
 *	fail_call -o LOG -p PROGRAM -c CALL -n N -e ERRNO COMMAND...
 *	    the N-th of these calls of that program (of all processes that run
 *	    it) is not made and gives ERRNO, a number
 *
 *	-s       it is made with half of its length, instead of -e
 *	-l       it is made, and gives ERRNO all the same
 *	-a       so does every later one; standard error, by which a program says
 *	         so, is spared
 *	-w TEXT  only calls count that are about a path with TEXT in it
 *	-t S     kills everything after S seconds; exit status 124
 *
 * PROGRAM is the last part of a program's path. LOG gets "failed PROGRAM CALL
 * WHAT" for what was made to fail, with the path or the descriptor's file, and
 * "died PROGRAM SIGNAL" for a process that a signal ended. What is
 * called before a program's entry point does not count: that is the dynamic
 * linker, and what libraries do when they are loaded. The exit status is the command's, 128 + n if a signal ended it; fail_call ends when
 * all of its processes have.
 *
 * It works for static programs, and for each process below. A seccomp filter
 * stops the calls in question, so that the others are as quick as ever.
 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

#ifndef __x86_64__
#error "registers are known of x86-64 alone"
#endif

#define TASKS_MAX    256
#define PROGRAMS_MAX 16
#define NAME_MAX_LEN 64
#define BREAKPOINT   0xccL
#define WHAT_SIZE    (2 * PATH_MAX)
#define ENDED_BY_US  124

struct task {
	pid_t id; /* 0: free */
	int program;
	bool begun; /* it has come to its entry point */
	unsigned long entry;
	long covered; /* what the breakpoint there stands on */
	long answer;  /* of the call that is being made; 0: its own */
};

static struct task tasks[TASKS_MAX];
static char programs[PROGRAMS_MAX][NAME_MAX_LEN];
static unsigned long counts[PROGRAMS_MAX][CALLS];
static FILE *log_file;

static const struct call *wanted;
static const char *wanted_program, *wanted_text = "";
static unsigned long wanted_number, reached;
static long wanted_errno;
static bool halve, late, lasting;
static volatile sig_atomic_t expired;

static _Noreturn void
fail(const char *what)
{
	fprintf(stderr, "fail_call: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int
find_program(const char *name)
{
	int i = 0;

	while (i < PROGRAMS_MAX - 1 && programs[i][0] != '\0' &&
	    strcmp(programs[i], name) != 0)
		i++;
	snprintf(programs[i], NAME_MAX_LEN, "%s", name);
	return i;
}

static struct task *
find_task(pid_t id)
{
	struct task *free_one = NULL;

	for (size_t i = 0; i < TASKS_MAX; i++) {
		if (tasks[i].id == id)
			return &tasks[i];
		if (tasks[i].id == 0 && free_one == NULL)
			free_one = &tasks[i];
	}
	if (free_one == NULL)
		fail("too many processes");
	*free_one = (struct task){.id = id};
	return free_one;
}

static unsigned long
entry_point(pid_t id)
{
	char path[64];
	Elf64_auxv_t entry = {0};
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/auxv", id);
	f = fopen(path, "r");
	while (f != NULL && entry.a_type != AT_ENTRY &&
	    fread(&entry, sizeof(entry), 1, f) == 1)
		;
	if (f != NULL)
		fclose(f);
	return entry.a_type == AT_ENTRY ? entry.a_un.a_val : 0;
}

/* It has executed another program: which, and it stops where that begins. */
static void
take_program(struct task *task)
{
	char path[64], target[PATH_MAX], *slash;
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", task->id);
	len = readlink(path, target, sizeof(target) - 1);
	target[len > 0 ? len : 0] = '\0';
	slash = strrchr(target, '/');
	task->program = find_program(slash == NULL ? "?" : slash + 1);
	task->begun = false;
	task->entry = entry_point(task->id);
	errno = 0;
	task->covered = ptrace(PTRACE_PEEKTEXT, task->id, task->entry, NULL);
	if (errno != 0 ||
	    ptrace(PTRACE_POKETEXT, task->id, task->entry,
		(task->covered & ~0xffL) | BREAKPOINT) < 0)
		fail("breakpoint");
}

/* Was it the breakpoint? Then the program begins. */
static bool
begins(struct task *task)
{
	struct user_regs_struct regs;

	if (task->begun || ptrace(PTRACE_GETREGS, task->id, NULL, &regs) < 0 ||
	    regs.rip != task->entry + 1)
		return false;
	regs.rip = task->entry;
	task->begun = true;
	return ptrace(PTRACE_POKETEXT, task->id, task->entry, task->covered) ==
	    0 &&
	    ptrace(PTRACE_SETREGS, task->id, NULL, &regs) == 0;
}

static void
read_text(pid_t id, unsigned long from, char *text, size_t size)
{
	size_t len = 0;

	/* Byte by byte: a page behind the text may not be there. */
	while (len < size - 1) {
		struct iovec here = {text + len, 1},
			     there = {(void *)(from + len), 1};

		if (process_vm_readv(id, &here, 1, &there, 1, 0) != 1 ||
		    text[len] == '\0')
			break;
		len++;
	}
	text[len] = '\0';
}

/* The file of a descriptor. */
static void
find_file(pid_t id, int fd, char *path, size_t size)
{
	char link[64];
	ssize_t len;

	if (fd == AT_FDCWD)
		snprintf(link, sizeof(link), "/proc/%d/cwd", id);
	else
		snprintf(link, sizeof(link), "/proc/%d/fd/%d", id, fd);
	len = readlink(link, path, size - 1);
	path[len > 0 ? len : 0] = '\0';
}

/* The path that the call names, or that its descriptor has. */
static void
find_what(const struct task *task, const struct call *call,
    const struct user_regs_struct *regs, char what[WHAT_SIZE])
{
	char name[PATH_MAX];
	size_t len;

	what[0] = '\0';
	if (call->argument == PATH)
		read_text(task->id, regs->rdi, what, WHAT_SIZE);
	if (call->argument != FD && call->argument != PATH_AT)
		return;
	if (call->argument == PATH_AT) {
		read_text(task->id, regs->rsi, name, sizeof(name));
		if (name[0] == '/') {
			snprintf(what, WHAT_SIZE, "%s", name);
			return;
		}
	}
	find_file(task->id, (int)regs->rdi, what, PATH_MAX);
	len = strlen(what);
	if (call->argument == PATH_AT && name[0] != '\0')
		snprintf(what + len, WHAT_SIZE - len, "/%s", name);
}

static unsigned long long *
length_of(const struct call *call, struct user_regs_struct *regs)
{
	switch (call->length) {
	case 2:
		return &regs->rsi;
	case 3:
		return &regs->rdx;
	case 4:
		return &regs->r10;
	case 5:
		return &regs->r8;
	default:
		return NULL;
	}
}

/* Makes this call fail. Returns how the task goes on. */
static int
fail_it(struct task *task, const struct call *call,
    struct user_regs_struct *regs, const char *what)
{
	unsigned long long *length = length_of(call, regs);

	if (halve && (length == NULL || *length < 2))
		return PTRACE_CONT;
	fprintf(log_file, "failed %s %s %s\n", programs[task->program],
	    call->name, what);
	fflush(log_file);
	if (late) {
		task->answer = -wanted_errno;
		return PTRACE_SYSCALL;
	}
	if (halve)
		*length /= 2;
	else {
		regs->orig_rax = (unsigned long long)-1;
		regs->rax = (unsigned long long)-wanted_errno;
	}
	if (ptrace(PTRACE_SETREGS, task->id, NULL, regs) < 0)
		fail("setting registers");
	return PTRACE_CONT;
}

/* A removal needs no memory. */
static bool
cannot_fail(const struct call *call, const struct user_regs_struct *regs)
{
	return call->number == SYS_epoll_ctl && regs->rsi == EPOLL_CTL_DEL;
}

/* A call that the filter has stopped. */
static int
take_call(struct task *task)
{
	struct user_regs_struct regs;
	const struct call *call = NULL;
	const char *program = programs[task->program];
	char what[WHAT_SIZE];

	if (ptrace(PTRACE_GETREGS, task->id, NULL, &regs) < 0)
		return PTRACE_CONT; /* killed meanwhile */
	if (!task->begun)
		return PTRACE_CONT;
	for (size_t i = 0; i < CALLS; i++)
		if ((unsigned long long)calls[i].number == regs.orig_rax)
			call = &calls[i];
	if (call == NULL || cannot_fail(call, &regs))
		return PTRACE_CONT;
	counts[task->program][call - calls]++;
	if (call != wanted || strcmp(program, wanted_program) != 0)
		return PTRACE_CONT;
	if (lasting && call->argument == FD && regs.rdi == STDERR_FILENO)
		return PTRACE_CONT;
	find_what(task, call, &regs, what);
	if (strstr(what, wanted_text) == NULL)
		return PTRACE_CONT;
	if (++reached != wanted_number && !(lasting && reached > wanted_number))
		return PTRACE_CONT;
	return fail_it(task, call, &regs, what);
}

static void
answer(struct task *task)
{
	struct user_regs_struct regs;

	if (task->answer == 0 ||
	    ptrace(PTRACE_GETREGS, task->id, NULL, &regs) < 0)
		return;
	regs.rax = (unsigned long long)task->answer;
	task->answer = 0;
	ptrace(PTRACE_SETREGS, task->id, NULL, &regs);
}

static void
take_child(const struct task *parent)
{
	struct task *child;
	unsigned long id;

	if (ptrace(PTRACE_GETEVENTMSG, parent->id, NULL, &id) < 0)
		return;
	child = find_task((pid_t)id);
	/* Its stops may be told before its parent's; it may have executed. */
	if (child->entry != 0)
		return;
	child->program = parent->program;
	child->begun = parent->begun;
}

/* What became of a task that has stopped. */
static void
take_stop(struct task *task, int status)
{
	int how = PTRACE_CONT, deliver = WSTOPSIG(status);

	switch (status >> 16) {
	case PTRACE_EVENT_SECCOMP:
		how = take_call(task);
		deliver = 0;
		break;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		take_child(task);
		deliver = 0;
		break;
	case PTRACE_EVENT_EXEC:
		take_program(task);
		deliver = 0;
		break;
	case PTRACE_EVENT_STOP:
		if (deliver != SIGTRAP)
			how = PTRACE_LISTEN;
		deliver = 0;
		break;
	default:
		if (deliver == (SIGTRAP | 0x80)) {
			answer(task);
			deliver = 0;
		} else if (deliver == SIGTRAP && begins(task))
			deliver = 0;
	}
	ptrace(how, task->id, NULL, (long)deliver);
}

static void
install_filter(void)
{
	struct sock_filter code[CALLS * 2 + 8];
	struct sock_fprog program = {0, code};
	size_t n = 0;

	code[n++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, arch));
	code[n++] = (struct sock_filter)BPF_JUMP(
	    BPF_JMP | BPF_JEQ | BPF_K, AUDIT_ARCH_X86_64, 1, 0);
	code[n++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	code[n++] = (struct sock_filter)BPF_STMT(
	    BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < CALLS; i++) {
		if (wanted != NULL && wanted != &calls[i])
			continue;
		code[n++] = (struct sock_filter)BPF_JUMP(
		    BPF_JMP | BPF_JEQ | BPF_K, (unsigned)calls[i].number, 0, 1);
		code[n++] = (struct sock_filter)BPF_STMT(
		    BPF_RET | BPF_K, SECCOMP_RET_TRACE);
	}
	code[n++] =
	    (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		fail("seccomp");
}

static pid_t
start(char **command)
{
	int gate[2];
	pid_t pid;
	char c;

	if (pipe2(gate, O_CLOEXEC) < 0)
		fail("pipe");
	pid = fork();
	if (pid == 0) {
		if (read(gate[0], &c, 1) != 1)
			_exit(125);
		install_filter();
		execvp(command[0], command);
		fail(command[0]);
	}
	if (pid < 0 ||
	    ptrace(PTRACE_SEIZE, pid, NULL,
		PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK |
		    PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
		    PTRACE_O_TRACEEXEC | PTRACE_O_TRACESECCOMP |
		    PTRACE_O_EXITKILL) < 0)
		fail("ptrace");
	find_task(pid)->program = find_program("fail_call");
	if (write(gate[1], "x", 1) != 1)
		fail("pipe");
	close(gate[0]);
	close(gate[1]);
	return pid;
}

static int
exit_status(int status)
{
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int
follow(pid_t first)
{
	int status, result = 125;
	struct task *task;
	pid_t id;

	for (;;) {
		id = waitpid(-1, &status, __WALL);
		if (expired)
			return ENDED_BY_US; /* the kernel kills what is left */
		if (id < 0 && errno == EINTR)
			continue;
		if (id < 0)
			return result;
		task = find_task(id);
		if (WIFSTOPPED(status)) {
			take_stop(task, status);
			continue;
		}
		if (WIFSIGNALED(status))
			fprintf(log_file, "died %s %d\n",
			    programs[task->program], WTERMSIG(status));
		if (id == first)
			result = exit_status(status);
		task->id = 0;
	}
}

static void
expire(int number)
{
	(void)number;
	expired = 1;
}

static void
say_counts(void)
{
	for (size_t p = 0; p < PROGRAMS_MAX; p++)
		for (size_t c = 0; c < CALLS; c++)
			if (counts[p][c] > 0)
				fprintf(log_file, "count %s %s %lu\n",
				    programs[p], calls[c].name, counts[p][c]);
}

static const struct call *
find_call(const char *name)
{
	for (size_t i = 0; i < CALLS; i++)
		if (strcmp(calls[i].name, name) == 0)
			return &calls[i];
	fprintf(stderr, "fail_call: %s: not known\n", name);
	exit(125);
}

int
main(int argc, char **argv)
{
	struct sigaction action = {.sa_handler = expire};
	struct itimerval limit = {{1, 0}, {0, 0}};
	int letter, status;

	/* + : the command's options are its own. */
	while ((letter = getopt(argc, argv, "+o:p:c:n:e:w:slat:")) != -1) {
		if (letter == 'o')
			log_file = fopen(optarg, "we");
		else if (letter == 'p')
			wanted_program = optarg;
		else if (letter == 'c')
			wanted = find_call(optarg);
		else if (letter == 'n')
			wanted_number = strtoul(optarg, NULL, 10);
		else if (letter == 'e')
			wanted_errno = strtol(optarg, NULL, 10);
		else if (letter == 'w')
			wanted_text = optarg;
		else if (letter == 't')
			limit.it_value.tv_sec = strtol(optarg, NULL, 10);
		halve |= letter == 's';
		late |= letter == 'l';
		lasting |= letter == 'a';
		if (letter == '?')
			return 125;
	}
	if (log_file == NULL || argv[optind] == NULL ||
	    (wanted != NULL && wanted_program == NULL)) {
		fprintf(stderr,
		    "usage: fail_call -o LOG [-p PROGRAM -c CALL "
		    "-n N -e ERRNO] COMMAND...\n");
		return 125;
	}
	sigaction(SIGALRM, &action, NULL);
	if (limit.it_value.tv_sec > 0)
		setitimer(ITIMER_REAL, &limit, NULL);
	status = follow(start(argv + optind));
	if (wanted == NULL)
		say_counts();
	fclose(log_file);
	return status;
}
