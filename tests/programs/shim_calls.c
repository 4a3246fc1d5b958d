/*
 * Opens and renames files of a run directory in every way a C program can, and
 * says what it saw of it: results, errno, descriptors. The first argument is
 * what to do, see `modes`. Works in the current directory.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int dir, const char *path, int flags);
int __openat64_2(int dir, const char *path, int flags);

#define CREATE (O_WRONLY | O_CREAT | O_TRUNC)

/* Prints a result; closes it. errno must be as it was set before the call. */
static void
see(const char *call, int fd)
{
	int code = errno;

	printf("%s %d errno %d\n", call, fd, code);
	if (fd >= 0)
		close(fd);
	errno = 77;
}

static void
see_stream(const char *call, FILE *file)
{
	int code = errno;

	printf("%s %d errno %d\n", call, file != NULL ? fileno(file) : -1,
	    file != NULL ? 0 : code);
	if (file != NULL)
		fclose(file);
	errno = 77;
}

static void
touch(const char *name)
{
	int fd = open(name, CREATE, 0600);

	if (fd >= 0)
		close(fd);
}

static void
each_open(int dir)
{
	errno = 77;
	see("open", open("a/records.jsonl", CREATE, 0640));
	see("open64", open64("b/records.jsonl", CREATE, 0640));
	see("openat", openat(dir, "records.jsonl", CREATE, 0640));
	see("openat64", openat64(dir, "manifest.json", CREATE, 0640));
	see("open_2", __open_2("a/.insidellms_run", O_RDWR));
	see("open64_2", __open64_2("b/.insidellms_run", O_RDWR));
	see("openat_2", __openat_2(dir, "summary.json", O_RDWR));
	see("openat64_2", __openat64_2(dir, "report.html", O_RDWR));
	see("creat", creat("a/explain.json", 0640));
	see("creat64", creat64("b/explain.json", 0640));
	see("append", open("a/records.jsonl", O_WRONLY | O_APPEND));
	see("mode", open("a/x", O_TMPFILE | O_RDWR, 0640));
}

static void
each_stream(void)
{
	see_stream("fopen", fopen("a/.config.resolved.yaml.tmp", "w"));
	see_stream("fopen64", fopen64("b/.config.resolved.yaml.tmp", "a"));
	see_stream("fopen r+", fopen("a/config.resolved.yaml", "r+e"));
	see_stream("freopen",
	    freopen("a/.manifest.json.tmp", "w", fopen("/dev/null", "r")));
	see_stream("freopen64",
	    freopen64("a/.explain.json.tmp", "w", fopen("/dev/null", "r")));
	see_stream("freopen mode", freopen(NULL, "w", fopen("a/x", "w")));
}

static void
each_rename(int dir)
{
	see("rename", rename("a/t1", "a/manifest.json"));
	see("renameat", renameat(AT_FDCWD, "a/t2", dir, "records.jsonl"));
	see("renameat2",
	    renameat2(AT_FDCWD, "a/t3", dir, "config.resolved.yaml", 0));
}

static int
do_each(void)
{
	int dir = open("c", O_RDONLY | O_DIRECTORY);

	each_open(dir);
	each_stream();
	each_rename(dir);
	return 0;
}

/* Two messages a call. */
static int
do_marks(void)
{
	int dir = open("c", O_RDONLY | O_DIRECTORY);

	errno = 77;
	see("open", open("b/.insidellms_run", CREATE, 0640));
	see("openat", openat(dir, ".insidellms_run", CREATE, 0640));
	see_stream("fopen", fopen("c/.insidellms_run", "w"));
	see_stream("fopen r+", fopen("c/.insidellms_run", "r+"));
	see("gone", open("gone/.insidellms_run", CREATE, 0640));
	return 0;
}

/* What is not reported: reading, failing, other names. */
static int
do_none(void)
{
	const char *volatile nowhere = NULL;

	errno = 77;
	see("read", open("a/config.resolved.yaml", O_RDONLY));
	see_stream("fopen r", fopen("a/config.resolved.yaml", "re"));
	see("path", open("a/config.resolved.yaml", O_PATH));
	see("missing", open("none/records.jsonl", CREATE, 0600));
	see("exists", open("a/config.resolved.yaml", CREATE | O_EXCL, 0600));
	see("other", open("a/xrecords.jsonl", CREATE, 0600));
	see("other", open("a/records.jsonl.bak", CREATE, 0600));
	see("results", open("a/results.jsonl", CREATE, 0600));
	see("rename", rename("none", "a/manifest.json"));
	see("rename away", rename("a/config.resolved.yaml", "a/old"));
	see("mkdir", mkdir("a/records.jsonl.d", 0700));
	see_stream("fopen", fopen("none/records.jsonl", "w"));
	/* By a variable: the compiler knows that a path is never NULL. */
	see("nowhere", open(nowhere, CREATE, 0600));
	see("nowhere", creat(nowhere, 0600));
	see_stream("nowhere", fopen(nowhere, "w"));
	return 0;
}

static int
do_closefds(void)
{
	for (int fd = 3; fd < 256; fd++)
		close(fd);
	touch("a/records.jsonl");
	errno = 77;
	/* Nothing of the shim's may sit below either. */
	see("next", open("/dev/null", O_RDONLY));
	return 0;
}

static int
do_fork(void)
{
	pid_t pid;
	int status;

	if ((pid = fork()) == 0) {
		touch("a/records.jsonl");
		_exit(0);
	}
	waitpid(pid, &status, 0);
	if ((pid = vfork()) == 0) {
		int fd = open("b/records.jsonl", CREATE, 0600);

		_exit(fd >= 0 ? 0 : 1);
	}
	waitpid(pid, &status, 0);
	return WEXITSTATUS(status);
}

static int
do_clearenv(void)
{
	clearenv();
	touch("a/records.jsonl"); /* known from before */
	execl("/bin/sh", "sh", "-c", ": >b/records.jsonl", (char *)NULL);
	return 1;
}

static void
on_signal(int signo)
{
	(void)signo;
	touch("a/records.jsonl");
}

static int
do_signal(void)
{
	/* A small stack, as threads and handlers may have. */
	static char stack[16384];
	stack_t small = {.ss_sp = stack, .ss_size = sizeof(stack)};
	struct sigaction action = {
	    .sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&small, NULL);
	sigaction(SIGUSR1, &action, NULL);
	errno = 77;
	raise(SIGUSR1);
	see("errno", -1);
	return 0;
}

static int
do_cwd_gone(void)
{
	char name[] = "gone";

	if (mkdir(name, 0700) < 0 || chdir(name) < 0)
		return 1;
	rmdir("../gone");
	errno = 77;
	see("open", open("records.jsonl", CREATE, 0600));
	see("open", open("../a/records.jsonl", CREATE, 0600));
	return 0;
}

/* A full queue or a closed table of descriptors loses the message only. */
static int
do_limit(void)
{
	struct {
		int fds[1024];
		int count;
	} all = {.count = 0};
	int fd;

	while (all.count < 1024 && (fd = dup(0)) >= 0)
		all.fds[all.count++] = fd;
	if (all.count == 0)
		return 1;
	close(all.fds[--all.count]);
	errno = 77;
	fd = open("a/records.jsonl", CREATE, 0600);
	printf("open %s errno %d\n", fd >= 0 ? "good" : "bad", errno);
	return 0;
}

static void *
thread_main(void *data)
{
	char name[64];
	long failed = 0;

	for (int i = 0; i < 500; i++) {
		snprintf(name, sizeof(name), "a/t%d", *(int *)data);
		errno = 77;
		touch(name);
		if (rename(name, "a/manifest.json") != 0)
			failed++;
		if (open("a/none/records.jsonl", O_WRONLY) != -1 ||
		    errno != ENOENT)
			failed++;
	}
	return (void *)failed;
}

static int
do_threads(void)
{
	pthread_t threads[8];
	int numbers[8];
	long failed = 0;

	for (int i = 0; i < 8; i++) {
		numbers[i] = i;
		pthread_create(&threads[i], NULL, thread_main, &numbers[i]);
	}
	for (int i = 0; i < 8; i++) {
		void *result;

		pthread_join(threads[i], &result);
		failed += (long)result;
	}
	printf("failed %ld\n", failed);
	return 0;
}

static void *
cancelled_main(void *data)
{
	int fd;

	(void)data;
	/* Pending from here on: the next cancellation point ends the thread.
	 * open is one, so only a blocked state lets it pass. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, NULL);
	pthread_cancel(pthread_self());
	fd = open("a/records.jsonl", CREATE, 0600);
	printf("open %s\n", fd >= 0 ? "good" : "bad");
	return NULL;
}

static int
do_cancel(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, cancelled_main, NULL);
	pthread_join(thread, NULL);
	return 0;
}

static int
do_long(void)
{
	/* A path as long as they get: relative, below a deep directory. */
	static char part[200];
	int depth = 0;

	memset(part, 'd', sizeof(part) - 1);
	while (depth < 25 && mkdir(part, 0700) == 0 && chdir(part) == 0)
		depth++;
	errno = 77;
	see("deep", open("records.jsonl", CREATE, 0600));
	return 0;
}

/* Before any constructor: the shim has not seen its environment yet. */
static void
early(int argc, char **argv, char **envp)
{
	(void)envp;
	if (argc > 1 && strcmp(argv[1], "early") == 0)
		touch("a/.insidellms_run");
}

__attribute__((section(".preinit_array"), used)) static void (*preinit)(
    int, char **, char **) = early;

static int
do_early(void)
{
	touch("a/records.jsonl");
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} modes[] = {
    {"each", do_each},
    {"marks", do_marks},
    {"none", do_none},
    {"closefds", do_closefds},
    {"fork", do_fork},
    {"clearenv", do_clearenv},
    {"signal", do_signal},
    {"cwd-gone", do_cwd_gone},
    {"limit", do_limit},
    {"threads", do_threads},
    {"cancel", do_cancel},
    {"long", do_long},
    {"early", do_early},
};

int
main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++)
		if (argc > 1 && strcmp(argv[1], modes[i].name) == 0)
			return modes[i].run();
	return 2;
}
