/*
 * Writes a run directory as insideLLMs does, from one that exists: the same
 * files by the same calls in the same order, for each of its modes.
 *
 *	write_run --mode run --from fixtures/run_plain/run --to DIR
 *
 * Several runs in one command: `--then` between two sets of options writes the
 * second after the first in the same process, `--and` lets children write all
 * of them at once.
 *
 * With --gate FIFO it reads one line before it makes anything, before each
 * record (harness: before all of them), before the manifest and before it
 * leaves; at end of file it runs free. So a test needs no sleep.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/wait.h>

#include "modes.h"

/* Runs that may be written at once. */
#define CHILDREN_MAX 64

static void *
in_thread(void *data)
{
	struct settings *s = data;

	return (void *)(intptr_t)find_mode(s->mode)->write(s);
}

static int
wait_child(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == -1)
		if (errno != EINTR)
			fail("waitpid", "");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* In a child with `how` "fork"; in one that nobody waits for and that is a
 * session of its own with "daemon"; in a second thread with "thread". */
static int
write_how(struct settings *s)
{
	pthread_t thread;
	void *status;

	if (s->how == NULL)
		return (int)(intptr_t)in_thread(s);
	fflush(NULL);
	if (strcmp(s->how, "fork") == 0) {
		pid_t pid = fork();

		if (pid == 0)
			exit((int)(intptr_t)in_thread(s));
		return wait_child(pid);
	}
	if (strcmp(s->how, "daemon") == 0) {
		if (fork() != 0)
			return 0;
		setsid();
		if (fork() != 0)
			_exit(0);
		exit((int)(intptr_t)in_thread(s));
	}
	if (pthread_create(&thread, NULL, in_thread, s) != 0)
		fail("pthread_create", "");
	pthread_join(thread, &status);
	return (int)(intptr_t)status;
}

static void
change_process(const struct settings *s)
{
	if (s->clear_env)
		clearenv();
	if (s->close_fds)
		close_range(3, ~0u, 0);
	if (s->ignore_term)
		signal(SIGTERM, SIG_IGN);
}

static const struct option long_options[] = {
    {"mode", required_argument, NULL, 'm'},
    {"from", required_argument, NULL, 'f'},
    {"to", required_argument, NULL, 't'},
    {"link", required_argument, NULL, 'l'},        /* symlink, hard, copy */
    {"track-local", required_argument, NULL, 'p'}, /* project */
    {"gate", required_argument, NULL, 'g'},
    {"pace", required_argument, NULL, 'w'}, /* ms before each record */
    {"copies", required_argument, NULL, 'n'},
    {"big", required_argument, NULL, 'b'}, /* bytes in record one */
    {"stop-after", required_argument, NULL, 'k'},
    {"torn", required_argument, NULL, 'c'},   /* bytes of the cut line */
    {"die-by", required_argument, NULL, 'd'}, /* signal number */
    {"status", required_argument, NULL, 's'},
    {"how", required_argument, NULL, 'h'}, /* fork, daemon, thread */
    {"split", no_argument, NULL, '2'},     /* each record in two writes */
    {"explain", no_argument, NULL, 'e'},
    {"skip-report", no_argument, NULL, 'r'},
    {"overwrite", no_argument, NULL, 'o'},
    {"quiet", no_argument, NULL, 'q'},
    {"clear-env", no_argument, NULL, 'E'},
    {"close-fds", no_argument, NULL, 'C'},
    {"ignore-term", no_argument, NULL, 'T'},
    {"die-at-marker", no_argument, NULL, 'D'}, /* by SIGKILL */
    {NULL, 0, NULL, 0},
};

static void
set_flag(struct settings *s, int letter)
{
	s->split |= letter == '2';
	s->explain |= letter == 'e';
	s->skip_report |= letter == 'r';
	s->overwrite |= letter == 'o';
	s->quiet |= letter == 'q';
	s->clear_env |= letter == 'E';
	s->close_fds |= letter == 'C';
	s->ignore_term |= letter == 'T';
	s->die_at_marker |= letter == 'D';
}

static void
set_option(struct settings *s, int letter)
{
	long number = optarg != NULL ? strtol(optarg, NULL, 10) : 0;

	switch (letter) {
	case '?':
		exit(2);
	case 'm':
		s->mode = optarg;
		break;
	case 'f':
		s->from = optarg;
		break;
	case 't':
		s->to = optarg;
		break;
	case 'l':
		s->link = optarg;
		break;
	case 'p':
		s->project = optarg;
		break;
	case 'g':
		s->gate = optarg;
		break;
	case 'h':
		s->how = optarg;
		break;
	case 'w':
		s->pace_ms = number;
		break;
	case 'n':
		s->copies = number;
		break;
	case 'b':
		s->big_bytes = number;
		break;
	case 'k':
		s->stop_after = number;
		break;
	case 'c':
		s->torn_bytes = number;
		break;
	case 'd':
		s->die_by = (int)number;
		break;
	case 's':
		s->status = number;
		break;
	default:
		set_flag(s, letter);
	}
}

/* One set of options; argv ends at `--then` or `--and`. The directory is made
 * absolute without being resolved, as insideLLMs does. */
static void
parse(struct settings *s, int argc, char **argv)
{
	int letter;

	*s = (struct settings){.mode = "run",
	    .link = "symlink",
	    .copies = 1,
	    .stop_after = -1,
	    .gate_fd = -1};
	optind = 0;
	while ((letter = getopt_long(argc, argv, "", long_options, NULL)) != -1)
		set_option(s, letter);
	if (s->from == NULL || s->to == NULL || optind != argc) {
		fprintf(stderr,
		    "usage: write_run [--mode MODE] --from DIR "
		    "--to DIR [option]...\n");
		exit(2);
	}
	if (s->to[0] != '/') {
		char *cwd = getcwd(NULL, 0);

		if (cwd == NULL)
			fail("getcwd", "");
		s->to = path_join(cwd, s->to);
	}
}

static int
write_one(struct settings *s)
{
	change_process(s);
	if (s->gate != NULL &&
	    (s->gate_fd = open(s->gate, O_RDONLY | O_CLOEXEC)) == -1)
		fail("open", s->gate);
	load_lines(s);
	return write_how(s);
}

int
main(int argc, char **argv)
{
	int status = 0, start = 0;
	pid_t children[CHILDREN_MAX];
	size_t child_count = 0;
	bool beside = false;

	for (int i = 1; i <= argc; i++) {
		bool then = i < argc && strcmp(argv[i], "--then") == 0;
		bool and = i < argc && strcmp(argv[i], "--and") == 0;
		struct settings s;

		if (i < argc && !then && !and)
			continue;
		argv[start] = argv[0];
		parse(&s, i - start, argv + start);
		start = i;
		beside |= and;
		if (!beside) {
			status |= write_one(&s);
			continue;
		}
		if (child_count == CHILDREN_MAX)
			exit(2);
		fflush(NULL);
		children[child_count] = fork();
		if (children[child_count++] == 0)
			exit(write_one(&s));
	}
	for (size_t i = 0; i < child_count; i++)
		status |= wait_child(children[i]);
	return status;
}
