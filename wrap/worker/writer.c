#include "wrap/worker/writer.h"

#include <stdlib.h>

#include "wrap/worker/proc.h"

/* How many processes may be between a writer and the insideLLMs that it belongs
 * to. */
#define STEPS_MAX 16

void
writer_guess(struct rundir_guess *guess, pid_t pid)
{
	struct proc_words arguments, environment;
	char *cwd = NULL;

	*guess = (struct rundir_guess){0};
	if (proc_words_read(&arguments, pid, "cmdline") == 0) {
		cwd = proc_link(pid, "cwd");
		proc_words_read(&environment, pid, "environ");
		rundir_guess(guess, arguments.count, arguments.words,
		    &(struct guess_from){.cwd = cwd != NULL ? cwd : "",
			.environment = proc_variable,
			.data = &environment});
		proc_words_release(&environment);
	}
	proc_words_release(&arguments);
	free(cwd);
}

static bool
read_one(struct writer *w, pid_t pid)
{
	struct rundir_guess guess;

	writer_guess(&guess, pid);
	w->known = guess.names_insidellms;
	w->config_path = guess.config_path;
	w->results = guess.results;
	guess.config_path = guess.results = NULL;
	rundir_guess_release(&guess);
	return w->known;
}

void
writer_read(struct writer *w, pid_t pid, pid_t command)
{
	*w = (struct writer){0};
	for (int i = 0; i < STEPS_MAX && pid > 1; i++) {
		if (read_one(w, pid) || pid == command)
			return;
		pid = proc_parent(pid);
	}
}

void
writer_release(struct writer *w)
{
	free(w->config_path);
	free(w->results);
	*w = (struct writer){0};
}
