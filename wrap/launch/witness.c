#include "wrap/launch/witness.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/closing.h"
#include "wrap/launch/descriptors.h"
#include "wrap/link/procstat.h"

/* The number that the witness's end of the link gets. */
#define WITNESS_LINK 3
/* How long an answer may take: it is a matter of microseconds, or the machine
 * has much else to do, or the witness was stopped. */
#define WITNESS_ANSWER_MS 1000
/* The witness looks so often at a stopped command. */
#define WITNESS_LOOK_MS 100

enum request_type { REQUEST_HEARD, REQUEST_WATCH, REQUEST_HEED };

struct request {
	enum request_type type;
	pid_t command;
};

static void
answer(void)
{
	static const struct timespec at_once;
	struct witness_heard heard[WITNESS_HEARD_MAX];
	siginfo_t info;
	sigset_t all;
	size_t len = 0;

	sigfillset(&all);
	while (len < WITNESS_HEARD_MAX &&
	    sigtimedwait(&all, &info, &at_once) > 0) {
		heard[len].signo = info.si_signo;
		heard[len++].sender = info.si_code == SI_USER ||
			info.si_code == SI_QUEUE || info.si_code == SI_TKILL
		    ? info.si_pid
		    : 0;
	}
	/* The answer is never empty, which would look like the end of the
	 * link. */
	heard[len].signo = 0;
	send(WITNESS_LINK, heard, (len + 1) * sizeof(heard[0]), MSG_NOSIGNAL);
}

/* Our parent may not have stopped yet, so we continue it each time until it
 * says that it goes on. */
static void
watch(pid_t command)
{
	struct pollfd link = {WITNESS_LINK, POLLIN, 0};
	struct procstat stat;

	while (poll(&link, 1, WITNESS_LOOK_MS) <= 0)
		if (!procstat_read(command, &stat) ||
		    (stat.state != 'T' && stat.state != 't'))
			kill(getppid(), SIGCONT);
}

/* Changes what ps and pgrep show. PR_SET_DUMPABLE keeps root from taking us for
 * the launcher by our file. */
static void
take_name(char **arguments)
{
	char *begin = arguments[0], *end = begin;

	for (; *arguments != NULL; arguments++)
		if (*arguments == end || end == begin)
			end = *arguments + strlen(*arguments) + 1;
	memset(begin, 0, (size_t)(end - begin));
	strncpy(begin, WITNESS_NAME, (size_t)(end - begin) - 1);
	prctl(PR_SET_NAME, WITNESS_NAME);
	prctl(PR_SET_DUMPABLE, 0);
}

static _Noreturn void
become_witness(int link, pid_t launcher, char **arguments)
{
	struct request request;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != launcher || dup2(link, WITNESS_LINK) < 0)
		_exit(0);
	closing_range(0, WITNESS_LINK - 1);
	closing_range(WITNESS_LINK + 1, ~0U);
	take_name(arguments);
	for (;;) {
		ssize_t got = recv(WITNESS_LINK, &request, sizeof(request), 0);

		if (got == 0 || (got < 0 && errno != EINTR))
			_exit(0);
		if (got != sizeof(request))
			continue;
		if (request.type == REQUEST_HEARD)
			answer();
		else if (request.type == REQUEST_WATCH)
			watch(request.command);
	}
}

void
witness_start(struct witness *w, char **arguments)
{
	pid_t launcher = getpid(), pid;
	int pair[2];

	w->pid = 0;
	w->link = -1;
	w->answers = false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0 ||
	    descriptors_pair_above(pair) < 0)
		return;
	pid = fork();
	if (pid == 0)
		become_witness(pair[1], launcher, arguments);
	close(pair[1]);
	if (pid > 0) {
		w->pid = pid;
		w->link = pair[0];
		w->answers = true;
	} else {
		close(pair[0]);
	}
}

static void
request(const struct witness *w, enum request_type type, pid_t command)
{
	struct request request = {type, command};

	if (w->answers)
		send(w->link, &request, sizeof(request),
		    MSG_DONTWAIT | MSG_NOSIGNAL);
}

int
witness_ask(struct witness *w, struct witness_heard heard[WITNESS_HEARD_MAX])
{
	struct witness_heard told[WITNESS_HEARD_MAX + 1];
	struct pollfd link = {w->link, POLLIN, 0};
	ssize_t got = -1;

	if (!w->answers)
		return -1;
	request(w, REQUEST_HEARD, 0);
	if (poll(&link, 1, WITNESS_ANSWER_MS) > 0)
		got = recv(w->link, told, sizeof(told), MSG_DONTWAIT);
	if (got < (ssize_t)sizeof(told[0])) {
		witness_end(w);
		return -1;
	}
	got = got / (ssize_t)sizeof(told[0]) - 1;
	memcpy(heard, told, (size_t)got * sizeof(told[0]));
	return (int)got;
}

void
witness_watch(const struct witness *w, pid_t command)
{
	request(w, REQUEST_WATCH, command);
}

void
witness_heed(const struct witness *w)
{
	request(w, REQUEST_HEED, 0);
}

void
witness_end(struct witness *w)
{
	if (w->pid > 0)
		kill(w->pid, SIGKILL);
	w->answers = false;
}

void
witness_reap(struct witness *w)
{
	if (w->pid > 0)
		while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
			;
	w->pid = 0;
}
