#include "tracker/common/display.h"
#include "wrap/worker/library.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/lifeline.h"
#include "base/loop.h"
#include "base/process.h"
#include "itrack/library_link.h"
#include "journal/index.h"
#include "journal/journal.h"
#include "tracker/tracker.h"
#include "wrap/attempt/library_deliveries.h"
#include "wrap/attempt/delivered.h"
#include "journal/health.h"
#include "wrap/attempt/stop.h"

/* After new entries we wait so long before the next look, so that a program
 * that logs in a loop costs us one turn for many entries. */
#define PACE_MS 10
/* Data is on the disk after this time at the latest. */
#define SYNC_MS 1000
/* The local tracker shows what it has a second later. */
#define LINGER_MS 1500
/* How long it waits for another worker of the same journal. */
#define TURN_WAIT_MS 60000

struct follow {
	const char *state_dir;
	struct journal *journal;
	struct journal_reader reader;
	struct entry start;
	struct loop *loop;
	struct loop_turn turn;
	struct loop_io link, watch;
	struct lifeline owner;
	struct stop stop;
	struct loop_timer pace, sync, linger;
	struct follow_deliveries deliveries;
	char *run_id;
	int64_t last_step, ended_us;
	enum run_status status;
	bool ended, paced;
	bool was_ended; /* before we came */
	/* The run is open and has no end: when the process that started us is
	 * gone and what there is is delivered, we leave; the next process that
	 * goes on with the run starts another one. */
	bool courier, alone, leaving;
	uint64_t flush; /* the question that waits for an answer; 0: none */
	bool opening;   /* it asks whether the run is open, no more */
};

static void
on_settled(struct delivery *d, void *data)
{
	struct follow *f = data;

	(void)d;
	loop_kick(f->loop);
}

static void
take(struct follow *f, const struct entry *e)
{
	if (e->kind == ENTRY_RUN_ID && f->run_id == NULL)
		f->run_id = xstrdup(e->run_id);
	if (e->kind == ENTRY_METRICS)
		f->last_step = e->metrics.step;
	if (e->kind == ENTRY_END) {
		f->ended = true;
		f->status = e->end.status;
		f->ended_us = e->time_us;
	}
}

/* Who ends an open run wants to hear of it from a worker of its own. */
static void
pass_on(struct follow *f)
{
	if (f->courier && f->ended)
		return;
	for (size_t i = 0; i < f->deliveries.len; i++) {
		if (f->ended || (f->courier && f->alone))
			delivery_drain(
			    f->deliveries.list[i], DRAIN_WHILE_MOVING);
		else
			delivery_kick(f->deliveries.list[i]);
	}
}

/* Takes what is new in the journal, and passes it on to the trackers. */
static void
look(struct follow *f)
{
	int64_t before = journal_size(f->journal);
	struct err err = ERR_INIT;
	struct entry e;

	journal_refresh(f->journal);
	if (journal_size(f->journal) == before)
		return;
	while (!f->ended && journal_read(&f->reader, &e, &err) > 0) {
		take(f, &e);
		entry_release(&e);
	}
	loop_timer_cancel(f->loop, &f->linger);
	if (journal_needs_sync(f->journal) && !f->sync.set)
		loop_timer_set(f->loop, &f->sync, SYNC_MS);
	pass_on(f);
}

/* Where the kernel or a filter lets nothing be watched, the next look is soon. */
static void
wait_for_change(struct follow *f)
{
	if (f->watch.fd >= 0)
		loop_add(f->loop, &f->watch, EPOLLIN);
	else
		loop_timer_set(f->loop, &f->pace, PACE_MS);
}

static void
on_pace(struct loop_timer *timer)
{
	struct follow *f = timer->data;

	f->paced = false;
	if (!f->ended)
		wait_for_change(f);
	look(f);
}

static void
on_change(struct loop_io *io, uint32_t events)
{
	struct follow *f = io->data;
	char buffer[4096];
	/* One read: the kernel joins equal events, and what it leaves comes at the
	 * next look. */
	ssize_t n = read(io->fd, buffer, sizeof buffer);

	(void)events;
	(void)n;
	loop_remove(f->loop, io);
	f->paced = true;
	look(f);
	loop_timer_set(f->loop, &f->pace, PACE_MS);
}

static void
on_sync(struct loop_timer *timer)
{
	struct follow *f = timer->data;

	journal_sync(f->journal, NULL);
}

/* The owner is dead; a run without an end was killed with it. */
static void
on_owner_death(struct lifeline *line)
{
	struct follow *f = line->data;
	struct entry e;

	look(f);
	if (f->ended || f->courier)
		return;
	journal_end_following(f->journal, NULL);
	entry_init(&e, ENTRY_END, clock_wall_us());
	e.end.status = RUN_KILLED;
	e.end.last_step = f->last_step;
	journal_append(f->journal, &e, NULL);
	journal_flush(f->journal, NULL);
	journal_sync(f->journal, NULL);
	take(f, &e);
	for (size_t i = 0; i < f->deliveries.len; i++)
		delivery_drain(f->deliveries.list[i], DRAIN_WHILE_MOVING);
}

static void
on_link(struct loop_io *io, uint32_t events)
{
	struct follow *f = io->data;
	struct library_packet packet;
	ssize_t n;

	(void)events;
	n = recv(io->fd, &packet, sizeof packet, MSG_DONTWAIT);
	if (n == (ssize_t)sizeof packet &&
	    (packet.word == LIBRARY_FLUSH || packet.word == LIBRARY_OPENED)) {
		f->flush = packet.serial;
		f->opening = packet.word == LIBRARY_OPENED;
		look(f);
	} else if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		loop_remove(f->loop, io);
		f->alone = true;
		look(f);
		if (!f->owner.held)
			on_owner_death(&f->owner);
		if (f->courier)
			pass_on(f);
	}
}

static void
answer_flush(struct follow *f)
{
	struct library_packet packet = {
	    .word = LIBRARY_FLUSHED, .serial = f->flush};

	follow_deliveries_tell(&f->deliveries, &packet);
	if (packet.pending > 0 &&
	    !follow_deliveries_are_settled(&f->deliveries) &&
	    !(f->opening && follow_deliveries_are_open(&f->deliveries)))
		return;
	send(LIBRARY_LINK_FD, &packet, sizeof packet,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	f->flush = 0;
}

static bool
is_done(const struct follow *f)
{
	if (f->courier)
		return f->ended || f->leaving;
	return f->ended && follow_deliveries_are_settled(&f->deliveries);
}

static void
on_linger(struct loop_timer *timer)
{
	struct follow *f = timer->data;

	f->leaving = f->alone && follow_deliveries_have_all(&f->deliveries);
}

static void
on_turn(struct loop_turn *turn)
{
	struct follow *f = turn->data;

	if (f->flush != 0)
		answer_flush(f);
	if (f->courier && f->alone && !f->linger.set &&
	    follow_deliveries_have_all(&f->deliveries))
		loop_timer_set(f->loop, &f->linger, LINGER_MS);
	if (f->stop.asked || is_done(f))
		loop_stop(f->loop);
}

/* Opens the journal and reads its first entry. */
static int
open_journal(struct follow *f, const char *attempt, bool open, struct err *err)
{
	/* Several processes may go on with an open run at about the same time,
	 * each with a worker; one of these delivers at a time. */
	int result = open
	    ? journal_follow_in_turn(f->state_dir, attempt, f->alone,
		  TURN_WAIT_MS, &f->journal, err)
	    : journal_follow(f->state_dir, attempt, &f->journal, err);

	if (result < 0)
		return result;
	journal_reader_init(&f->reader, f->journal);
	result = journal_read(&f->reader, &f->start, err);
	if (result < 0)
		return result;
	if (result == 0 || f->start.kind != ENTRY_START)
		return err_set(err, -EBADMSG, "%s: no start entry", attempt);
	return 0;
}

/* Watches the process that the journal names as its owner. */
static void
listen_to_owner(struct follow *f)
{
	const struct entry_start *start = &f->start.start;
	int result;

	f->owner = (struct lifeline){.cut = on_owner_death, .data = f};
	result = lifeline_hold(&f->owner, f->loop, (pid_t)start->pid);
	/* It may be another process of the same number. Where its end can't be told
	 * otherwise, the end of the link tells. */
	if (result == -ESRCH ||
	    process_is_gone((pid_t)start->pid, start->pid_start)) {
		lifeline_let_go(&f->owner);
		on_owner_death(&f->owner);
	}
}

static void
listen_to_journal(struct follow *f)
{
	char *file = journal_file(f->journal);

	f->watch =
	    (struct loop_io){.fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC),
		.ready = on_change,
		.data = f};
	if (inotify_add_watch(f->watch.fd, file, IN_MODIFY) < 0) {
		if (f->watch.fd >= 0)
			close(f->watch.fd);
		f->watch.fd = -1;
	}
	free(file);
	wait_for_change(f);
}

static void
begin(struct follow *f)
{
	f->loop = loop_new();
	f->turn = (struct loop_turn){.end = on_turn, .data = f};
	loop_turn_add(f->loop, &f->turn);
	f->pace = (struct loop_timer){.fire = on_pace, .data = f};
	f->sync = (struct loop_timer){.fire = on_sync, .data = f};
	f->linger = (struct loop_timer){.fire = on_linger, .data = f};
	stop_init(&f->stop, f->loop);
	listen_to_journal(f);
	f->link = (struct loop_io){
	    .fd = LIBRARY_LINK_FD, .ready = on_link, .data = f};
	loop_add(f->loop, &f->link, EPOLLIN);
	follow_deliveries_add(
	    &f->deliveries, f->loop, f->journal, &f->start, on_settled, f);
	/* First comes what was there before we watched. */
	while (!f->ended) {
		struct entry e;

		if (journal_read(&f->reader, &e, NULL) <= 0)
			break;
		take(f, &e);
		entry_release(&e);
	}
	f->was_ended = f->ended;
	/* We may have been woken for an open run that has ended meanwhile: who
	 * ended it has a worker of its own. */
	f->courier = f->start.start.open != NULL && (!f->ended || f->alone);
	pass_on(f);
	look(f);
	listen_to_owner(f);
	loop_kick(f->loop);
}

static struct delivered
delivered_of(const struct follow *f)
{
	return (struct delivered){
	    .state_dir = f->state_dir,
	    .journal = f->journal,
	    .deliveries = f->deliveries.list,
	    .len = f->deliveries.len,
	    .target_len = f->start.start.target_len,
	    .taken_up = f->was_ended,
	};
}

static int
put_away(const struct follow *f, struct err *err)
{
	const struct delivered d = delivered_of(f);
	struct index_entry line = {
	    .run_id = f->run_id != NULL ? xstrdup(f->run_id) : NULL,
	    .name = display_name(&f->start.start, f->run_id),
	    .run_dir = xstrdup(f->start.start.run_dir),
	    .project = xstrdup(f->start.start.project),
	    .status = f->status,
	    .started_us = f->start.time_us,
	    .ended_us = f->ended_us,
	};

	return delivered_to_index(&d, &line, err);
}

/* Fills what the owner is to hear. */
static void
finish(struct follow *f, struct library_packet *packet)
{
	const struct delivered d = delivered_of(f);
	struct err err = ERR_INIT;

	follow_deliveries_tell(&f->deliveries, packet);
	if (!f->courier && f->ended && delivered_everywhere(&d) &&
	    put_away(f, &err) < 0 && packet->message[0] == '\0')
		snprintf(packet->message, sizeof packet->message, "%.500s",
		    err.message);
	follow_deliveries_end(&f->deliveries);
}

static void
release(struct follow *f)
{
	loop_timer_cancel(f->loop, &f->pace);
	loop_timer_cancel(f->loop, &f->sync);
	loop_timer_cancel(f->loop, &f->linger);
	loop_remove(f->loop, &f->link);
	/* Its descriptor stays open until we exit: the kernel may take 15 ms to
	 * close it, and the owner doesn't wait for our exit. */
	loop_remove(f->loop, &f->watch);
	stop_release(&f->stop, f->loop);
	lifeline_let_go(&f->owner);
	loop_turn_remove(f->loop, &f->turn);
	loop_free(f->loop);
	journal_reader_release(&f->reader);
	journal_close(f->journal);
	entry_release(&f->start);
	follow_deliveries_release(&f->deliveries);
	free(f->run_id);
}

static _Noreturn void
on_die(const char *message)
{
	(void)message;
	_exit(1);
}

static void
refuse(const struct err *err)
{
	struct library_packet packet = {
	    .version = LIBRARY_LINK_VERSION, .word = LIBRARY_REFUSED};

	snprintf(packet.message, sizeof packet.message, "%.500s", err->message);
	send(LIBRARY_LINK_FD, &packet, sizeof packet,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
}

static bool
is_open(const char *state_dir, const char *attempt)
{
	struct entry start;
	bool open;

	if (journals_start(state_dir, attempt, &start, NULL) < 0)
		return false;
	open = start.start.open != NULL;
	entry_release(&start);
	return open;
}

bool
follow_is_asked_for(int argc, char **argv)
{
	return argc == 4 &&
	    (strcmp(argv[1], LIBRARY_WORD_BEGIN) == 0 ||
		strcmp(argv[1], LIBRARY_WORD_DELIVER) == 0 ||
		strcmp(argv[1], LIBRARY_WORD_WAKE) == 0);
}

int
follow_main(int argc, char **argv)
{
	struct follow f = {.state_dir = argv[2]};
	struct library_packet packet = {.word = LIBRARY_SETTLED};
	struct err err = ERR_INIT;
	bool open;
	pid_t pid;

	(void)argc;
	die_set_hook(on_die);
	/* The one before us may take its time: our caller doesn't wait for
	 * that. */
	open = is_open(argv[2], argv[3]);
	f.alone = strcmp(argv[1], LIBRARY_WORD_WAKE) == 0;
	f.deliveries.fresh = strcmp(argv[1], LIBRARY_WORD_BEGIN) == 0;
	if (!open && open_journal(&f, argv[3], false, &err) < 0) {
		refuse(&err);
		return 1;
	}
	/* The caller waits for this process, and has no child after it. The
	 * lock is the open file's and lives on in the child. */
	pid = fork();
	if (pid != 0)
		_exit(pid < 0 ? 1 : 0);
	if (open && open_journal(&f, argv[3], true, &err) < 0) {
		refuse(&err);
		return 1;
	}
	begin(&f);
	loop_run(f.loop);
	finish(&f, &packet);
	release(&f);
	/* The owner hears it last, so that what it does next, a sync of what
	 * stayed behind, finds the journal free. */
	if (!f.stop.asked && !f.courier)
		send(LIBRARY_LINK_FD, &packet, sizeof packet,
		    MSG_NOSIGNAL | MSG_DONTWAIT);
	return 0;
}
