#include "wrap/worker/search/search.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/path.h"
#include "wrap/attempt/already_tracked.h"
#include "wrap/worker/search/candidate.h"
#include "wrap/worker/search/look.h"
#include "wrap/worker/proc.h"

/* The shim's first word comes with the launch or not at all. */
#define SILENCE_MS 50

struct search {
	struct search_config config;
	struct candidate *find;
	struct look *look;
	struct loop_timer silence;
	bool heard, silent;
	struct blind_spots beside; /* what look_beside() could not see */
};

static bool
is_known(const char *dir, void *data)
{
	const struct search *s = data;

	return runs_know(s->config.runs, dir);
}

static void
on_found(const char *dir, pid_t writer, void *data)
{
	struct search *s = data;

	runs_found(s->config.runs, dir, 0, writer);
}

static void
on_seen(const char *dir, int dir_fd, pid_t writer, void *data)
{
	struct search *s = data;

	runs_found(s->config.runs, dir, dir_fd, writer);
}

static void
on_settled(void *data)
{
	struct search *s = data;

	s->config.settled(s->config.data);
}

static bool
is_ours(pid_t pid, void *data)
{
	const struct search *s = data;

	return proc_is_below(pid, s->config.launched->command);
}

static bool
has_user(uid_t user, void *data)
{
	const struct search *s = data;

	return look_has_user(s->look, user);
}

static bool
is_taken(const char *dir, void *data)
{
	const struct search *s = data;
	struct tracked t;
	bool taken;

	tracked_find(&t, s->config.state_dir, dir, NULL, 0);
	taken = runs_are_tracked_elsewhere(s->config.runs, &t);
	tracked_release(&t);
	return taken;
}

/* In the tick of the launch older files may have been written, too. They have the
 * time of the tick or, by kernels from 6.13 on, their own. */
static int64_t
not_before_ns(const struct link_launched *l)
{
	int64_t tick_ns = clock_ns(&l->file_clock);
	int64_t launch_ns = clock_ns(&l->wall);

	if (l->just_ticked)
		return tick_ns;
	return launch_ns > tick_ns ? launch_ns : tick_ns + 1;
}

static struct candidate_config
make_find(struct search *s)
{
	return (struct candidate_config){
	    .inotify = s->config.inotify,
	    .command = s->config.launched->command,
	    .not_before_ns = not_before_ns(s->config.launched),
	    .ours = is_ours,
	    .user = has_user,
	    .known = is_known,
	    .found = on_found,
	    .data = s,
	};
}

/* Looks for the directory, where the command has no shim or the user says where
 * it is. */
static void
start_find(struct search *s)
{
	const struct rundir_guess *guess = s->config.guess;
	const char *named = s->config.named;
	struct candidate_config config = make_find(s);

	config.dir = named != NULL ? named : guess->dir;
	config.root = named != NULL ? NULL : guess->root;
	config.direct = guess->names_insidellms;
	if (s->find == NULL)
		s->find = candidate_new(&config);
}

static void
on_silence(struct loop_timer *timer)
{
	struct search *s = timer->data;

	if (!s->heard)
		start_find(s);
}

/* Finds the socket's name without its first byte, a NUL; "" if it is not
 * known. */
static void
name_socket(int channel, char name[sizeof(struct sockaddr_un)])
{
	struct sockaddr_un address = {0};
	socklen_t len = sizeof address;
	size_t head = offsetof(struct sockaddr_un, sun_path) + 1;

	name[0] = '\0';
	if (getsockname(channel, (struct sockaddr *)&address, &len) < 0 ||
	    len <= head || len > sizeof address)
		return;
	memcpy(name, address.sun_path + 1, len - head);
	name[len - head] = '\0';
}

/* Returns where insideLLMs writes a run if it is told nothing. */
static char *
default_root(void)
{
	char program[] = "insidellms", run[] = "run";
	char *const words[] = {program, run};
	struct rundir_guess guess;
	char *root;

	rundir_guess_own(&guess, 2, words);
	root = guess.root;
	guess.root = NULL;
	rundir_guess_release(&guess);
	return root;
}

static void
start_look(struct search *s)
{
	char *root = default_root();
	char socket[sizeof(struct sockaddr_un)];
	struct look_config config = {
	    .loop = s->config.loop,
	    .inotify = s->config.inotify,
	    .command = s->config.launched->command,
	    .socket = socket,
	    .not_before_ns = not_before_ns(s->config.launched),
	    .root = root,
	    .known = is_known,
	    .taken = is_taken,
	    .found = on_seen,
	    .settled = on_settled,
	    .data = s,
	};

	name_socket(s->config.channel, socket);
	s->look = look_new(&config);
	for (size_t i = 0; i < LINK_OTHERS_MAX; i++)
		if (s->config.launched->others[i] > 0)
			look_add(s->look, s->config.launched->others[i]);
	free(root);
}

struct search *
search_new(const struct search_config *config)
{
	struct search *s = xcalloc(1, sizeof *s);

	s->config = *config;
	blind_spots_init(&s->beside, not_before_ns(config->launched));
	s->silence = (struct loop_timer){.fire = on_silence, .data = s};
	start_look(s);
	if (options_given(config->options, OPT_RUN_DIR) ||
	    !config->launched->preloaded)
		start_find(s);
	else
		loop_timer_set(config->loop, &s->silence, SILENCE_MS);
	return s;
}

void
search_free(struct search *s)
{
	if (s == NULL)
		return;
	loop_timer_cancel(s->config.loop, &s->silence);
	candidate_free(s->find);
	look_free(s->look);
	blind_spots_release(&s->beside);
	free(s);
}

void
search_hear(struct search *s, pid_t sender)
{
	look_add(s->look, sender);
}

void
search_hear_run(struct search *s)
{
	s->heard = true;
}

void
search_hear_silence(struct search *s)
{
	s->silent = true;
	look_trust_nobody(s->look);
}

/* Looks beside the runs that were heard of. There may have been more messages
 * than the socket holds, from hundreds of short runs, or a program could not
 * say more: what is new there is theirs, too. */
static void
look_beside(struct search *s)
{
	size_t count = runs_count(s->config.runs);
	struct candidate_config config = make_find(s);
	char *last = xstrdup("");

	for (size_t i = 0; i < count; i++) {
		char *parent = path_parent(runs_dir(s->config.runs, i));

		config.root = parent;
		if (strcmp(parent, last) != 0) {
			struct candidate *find = candidate_new(&config);

			candidate_tell_unseen(find, &s->beside);
			candidate_free(find);
		}
		free(last);
		last = parent;
	}
	free(last);
}

void
search_before_end(struct search *s)
{
	loop_timer_cancel(s->config.loop, &s->silence);
	look_now(s->look);
}

void
search_at_end(struct search *s, bool crowded)
{
	if (!s->heard || s->silent)
		start_find(s);
	if (s->find != NULL)
		candidate_look(s->find);
	if (crowded || s->silent)
		look_beside(s);
	if (look_is_in_doubt(s->look, s->heard) ||
	    !s->config.launched->preloaded)
		look_for_markers(s->look);
	look_stay(s->look);
}

bool
search_goes_on(const struct search *s)
{
	return look_goes_on(s->look);
}

void
search_report_going_on(const struct search *s, struct report *report)
{
	struct buf who;

	buf_init(&who, 1024);
	look_describe(s->look, &who);
	report_say(report,
	    "the command has left processes behind, %s; itrack stays to see if "
	    "they begin a run",
	    who.data);
	buf_release(&who);
}

void
search_report(const struct search *s, struct report *report)
{
	struct blind_spots all;

	look_report(s->look, report);
	blind_spots_init(&all, 0);
	if (s->find != NULL)
		candidate_tell_unseen(s->find, &all);
	blind_spots_add(&all, &s->beside);
	look_tell_unseen(s->look, &all);
	blind_spots_report(&all, report);
	blind_spots_release(&all);
}

const char *
search_blind(const struct search *s)
{
	return look_blind(s->look);
}
