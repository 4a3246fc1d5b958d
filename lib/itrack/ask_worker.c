#include "itrack/ask_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "itrack/library_link.h"
#include "itrack/start_worker.h"

/* May the open run be over because `itrack sync` delivered it? */
static bool
was_delivered(const struct run *run)
{
	char *file = journal_file(run->journal);
	bool gone = run->open && file_look(AT_FDCWD, file, 0, NULL, NULL) == 0;

	free(file);
	return gone;
}

static bool
ask(struct run *run, enum library_word question, uint64_t serial)
{
	struct library_packet packet = {.version = LIBRARY_LINK_VERSION,
	    .word = question,
	    .serial = serial};

	return send(run->link, &packet, sizeof packet, MSG_NOSIGNAL) ==
	    sizeof packet;
}

/* Waits for the next packet until `due_ms`. 1: one came; 0: too late; -1: the
 * worker died. */
static int
receive(struct run *run, struct library_packet *packet, int64_t due_ms)
{
	for (;;) {
		struct pollfd poll_fd = {.fd = run->link, .events = POLLIN};
		int64_t left_ms = due_ms - clock_mono_ms();
		ssize_t n;

		if (poll(&poll_fd, 1, left_ms > 0 ? (int)left_ms : 0) < 0 &&
		    errno != EINTR)
			return -1;
		if (poll_fd.revents == 0) {
			if (left_ms <= 0)
				return 0;
			continue;
		}
		n = recv(run->link, packet, sizeof *packet, MSG_DONTWAIT);
		if (n == (ssize_t)sizeof *packet)
			return 1;
		if (n >= 0 || (errno != EAGAIN && errno != EINTR))
			return -1;
	}
}

static int
too_late(const struct run *run, struct err *err)
{
	return err_set(err, -ETIMEDOUT,
	    "not everything is delivered yet; what stays behind: "
	    "itrack sync %s",
	    journal_attempt(run->journal));
}

static int
judge(
    const struct run *run, const struct library_packet *packet, struct err *err)
{
	if (packet->rejected == 0 && packet->pending == 0 &&
	    packet->message[0] == '\0')
		return 0;
	if (packet->pending == 0)
		return err_set(err, -EIO, "%.*s%s%llu rejected",
		    LIBRARY_MESSAGE_MAX, packet->message,
		    packet->message[0] != '\0' ? "; " : "",
		    (unsigned long long)packet->rejected);
	return err_set(err, packet->rejected > 0 ? -EIO : -EAGAIN,
	    "%.*s%s%llu rejected, %llu pending; itrack sync %s",
	    LIBRARY_MESSAGE_MAX, packet->message,
	    packet->message[0] != '\0' ? "; " : "",
	    (unsigned long long)packet->rejected,
	    (unsigned long long)packet->pending, journal_attempt(run->journal));
}

static void
take_id(struct run *run, const struct library_packet *packet)
{
	if (packet->its_id[0] == '\0')
		return;
	free(run->its_id);
	run->its_id = xstrndup(packet->its_id, LIBRARY_ID_MAX - 1);
}

/* Waits for the answer to the question, or, to LIBRARY_SETTLED, for that word. */
static int
wait_word(const struct itrack_tracker *t, struct run *run,
    enum library_word question, int64_t limit_ms, struct err *err)
{
	int64_t due_ms = clock_mono_ms() + limit_ms;
	uint64_t serial = (uint64_t)clock_mono_us();
	struct library_packet packet;
	int starts = 0, result;
	bool asked = false;

	while (!run->blind) {
		if (run->link < 0) {
			if (was_delivered(run))
				return 0;
			if (starts++ > 0)
				return err_set(err, -EIO,
				    "the worker dies; itrack sync %s",
				    journal_attempt(run->journal));
			if ((result = worker_start(t, run, err)) < 0)
				return was_delivered(run) ? 0 : result;
			asked = false;
		}
		if (question != LIBRARY_SETTLED && !asked)
			asked = ask(run, question, serial);
		result = receive(run, &packet, due_ms);
		if (result == 0)
			return too_late(run, err);
		if (result < 0) {
			worker_drop_link(run);
			continue;
		}
		if (packet.word == LIBRARY_SETTLED ||
		    (packet.word == LIBRARY_FLUSHED &&
			packet.serial == serial)) {
			free(run->altered);
			run->altered =
			    xstrndup(packet.altered, LIBRARY_MESSAGE_MAX - 1);
			free(run->refused);
			run->refused =
			    xstrndup(packet.refused, LIBRARY_LINES_MAX - 1);
			take_id(run, &packet);
			return judge(run, &packet, err);
		}
	}
	return 0;
}

int
worker_flush(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	return wait_word(t, run, LIBRARY_FLUSH, limit_ms, err);
}

int
worker_open(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	int result = wait_word(t, run, LIBRARY_OPENED, limit_ms, err);

	return run->its_id != NULL ? 0 : result;
}

int
worker_settle(const struct itrack_tracker *t, struct run *run, int64_t limit_ms,
    struct err *err)
{
	return wait_word(t, run, LIBRARY_SETTLED, limit_ms, err);
}
