#include "wrap/attempt/notify_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/closing.h"
#include "base/die.h"
#include "base/file.h"
#include "base/process.h"

#define SECRETS    "ITRACK_NOTIFY_"
#define NOT_FOUND  127
#define CANT_START 126
/* Most programs count on this limit (select); ours is higher. */
#define DESCRIPTORS 1024
/* How long the end of one that was killed is waited for. */
#define REAP_MS 100

/* The array is allocated; its texts stay the environment's. */
static char **
make_environment(void)
{
	size_t len = 0, kept = 0;
	char **list;

	while (environ[len] != NULL)
		len++;
	list = xcalloc(len + 1, sizeof(*list));
	for (size_t i = 0; i < len; i++)
		if (strncmp(environ[i], SECRETS, strlen(SECRETS)) != 0)
			list[kept++] = environ[i];
	return list;
}

/* In the child: system calls alone. In a session of its own no key of the terminal
 * reaches it, and all of it can be killed at once. */
static _Noreturn void
become(const char *program, int input, char **environment)
{
	char *arguments[] = {(char *)program, NULL};
	struct rlimit limit;
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    limit.rlim_cur > DESCRIPTORS) {
		limit.rlim_cur = DESCRIPTORS;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (dup2(input, STDIN_FILENO) < 0 || close(STDOUT_FILENO) < 0 ||
	    open("/dev/null", O_WRONLY) != STDOUT_FILENO ||
	    dup2(STDOUT_FILENO, STDERR_FILENO) < 0)
		_exit(CANT_START);
	closing_range(STDERR_FILENO + 1, ~0U);
	execvpe(program, arguments, environment);
	_exit(errno == ENOENT ? NOT_FOUND : CANT_START);
}

/* A file of the text, which a program may read as late as it likes. */
static int
make_input(const struct buf *text, struct err *err)
{
	int fd = file_nameless(true, err);

	if (fd < 0)
		return fd;
	if (file_write_all(fd, text->data, text->len, err) == 0 &&
	    lseek(fd, 0, SEEK_SET) == 0)
		return fd;
	close(fd);
	return -EIO;
}

static void
on_end(struct lifeline *line)
{
	struct notify_program *p = line->data;
	char why[64];
	int status = 0;

	if (waitpid(p->child, &status, 0) < 0)
		status = 0;
	p->child = 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
		p->done(NULL, p->data);
		return;
	}
	if (WIFSIGNALED(status))
		snprintf(why, sizeof(why), "the program died by signal %d",
		    WTERMSIG(status));
	else if (WEXITSTATUS(status) == NOT_FOUND)
		snprintf(why, sizeof(why), "no such program");
	else if (WEXITSTATUS(status) == CANT_START)
		snprintf(why, sizeof(why), "the program can't be executed");
	else
		snprintf(why, sizeof(why), "the program ended with status %d",
		    WEXITSTATUS(status));
	p->done(why, p->data);
}

int
notify_program_run(struct notify_program *p, struct loop *loop,
    const char *program, const struct buf *text, struct err *err)
{
	char **environment;
	int input = make_input(text, err), result;

	if (input < 0)
		return input;
	environment = make_environment();
	p->child = fork();
	if (p->child == 0)
		become(program, input, environment);
	result = p->child < 0 ? err_errno(err, "no process for it") : 0;
	free(environment);
	close(input);
	if (result < 0) {
		p->child = 0;
		return result;
	}
	p->line = (struct lifeline){.cut = on_end, .data = p};
	result = lifeline_hold(&p->line, loop, p->child);
	if (result < 0) {
		notify_program_end(p);
		return err_set(err, result, "its end can't be told");
	}
	return 0;
}

void
notify_program_end(struct notify_program *p)
{
	lifeline_let_go(&p->line);
	if (p->child <= 0)
		return;
	kill(-p->child, SIGKILL);
	kill(p->child, SIGKILL);
	process_wait(p->child, NULL, REAP_MS);
	p->child = 0;
}
