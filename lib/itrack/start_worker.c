#include "itrack/start_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "itrack/library_link.h"
#include "itrack/spawn_worker.h"

static int
wait_for(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0)
		/* ECHILD: the caller ignores SIGCHLD, or waited before us. */
		if (errno != EINTR)
			return 0;
	return status;
}

void
worker_drop_link(struct run *run)
{
	if (run->link >= 0)
		close(run->link);
	run->link = -1;
}

static int
start(const struct itrack_tracker *t, struct run *run, const char *word,
    struct err *err)
{
	struct library_packet packet;
	int pair[2], result;
	pid_t pid;

	if (t->worker == NULL)
		return err_set(
		    err, t->no_worker.code, "%s", t->no_worker.message);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_errno(err, "no socket for the worker");
	/* A link with a number below its destination would be closed on the
	 * way. */
	result = fcntl(pair[1], F_DUPFD_CLOEXEC, LIBRARY_LINK_FD + 1);
	close(pair[1]);
	if (result < 0) {
		close(pair[0]);
		return err_errno(err, "no descriptor for the worker");
	}
	pair[1] = result;
	result = worker_spawn(t, run, word, pair[1], &pid);
	close(pair[1]);
	run->link = pair[0];
	if (result < 0)
		err_set(err, result, "%s: %s", t->worker, strerror(-result));
	else if (wait_for(pid) != 0) {
		result = -EIO;
		if (recv(run->link, &packet, sizeof packet, MSG_DONTWAIT) ==
		    sizeof packet)
			err_set(err, result, "%s: %.*s", t->worker,
			    LIBRARY_MESSAGE_MAX, packet.message);
		else
			err_set(err, result, "%s: can't be started", t->worker);
	}
	if (result < 0)
		worker_drop_link(run);
	return result;
}

int
worker_begin(const struct itrack_tracker *t, struct run *run, struct err *err)
{
	return start(t, run, LIBRARY_WORD_BEGIN, err);
}

int
worker_start(const struct itrack_tracker *t, struct run *run, struct err *err)
{
	return start(t, run, LIBRARY_WORD_DELIVER, err);
}

void
worker_wake(const struct itrack_tracker *t, struct run *run)
{
	/* A worker that we have notices when we go. */
	if (run->link < 0 && !run->blind)
		start(t, run, LIBRARY_WORD_WAKE, NULL);
}
