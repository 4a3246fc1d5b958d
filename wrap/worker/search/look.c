#include "wrap/worker/search/look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/hash.h"
#include "base/path.h"
#include "base/process.h"
#include "wrap/worker/search/descendants.h"
#include "wrap/worker/search/candidate.h"
#include "wrap/worker/search/walk.h"
#include "wrap/worker/search/places.h"
#include "wrap/worker/proc.h"
#include "wrap/worker/search/records_of.h"

/* How often we look: at first, when what is to be found begins, and later. */
#define LOOK_MS      50
#define LOOK_SOON    20
#define LOOK_SLOW_MS 100
/* How often we look into every process of this user, for those that left their
 * parents between two looks. */
#define WIDE_MS 1000
/* Each of the two kinds of looks takes one part in so many of a processor. */
#define LOOK_SHARE 400
/* How long what the command left behind may take to begin a run. */
#define STAY_MS 60000
/* So many runs of others are remembered: processes of ours write hardly any. */
#define TAKEN_MAX 16
/* How many programs a report names. */
#define NAMED_MAX 4

struct look {
	struct look_config config;
	struct descendants all;
	struct loop_timer timer;
	unsigned looks;
	int64_t wide_due_ms;
	struct places places; /* that the arguments of programs name */
	struct walk markers;
	char **marked; /* that were found so */
	size_t marked_len;
	char *taken[TAKEN_MAX]; /* the last ones, so that each is asked once */
	size_t taken_len;
	bool trusts_nobody, saw_any, saw_none, was_closed;
	bool stays;
	int64_t stay_until_ms;
	struct blind_spots unseen; /* by the last look at the processes */
};

static bool
is_ours(pid_t pid, void *data)
{
	const struct look *l = data;

	return descendants_have(&l->all, pid);
}

static bool
has_user(uid_t user, void *data)
{
	return look_has_user(data, user);
}

static bool
is_taken(struct look *l, const char *dir)
{
	char **place = &l->taken[l->taken_len % TAKEN_MAX];

	for (size_t i = 0; i < TAKEN_MAX; i++)
		if (l->taken[i] != NULL && strcmp(l->taken[i], dir) == 0)
			return true;
	if (!l->config.taken(dir, l->config.data))
		return false;
	free(*place);
	*place = xstrdup(dir);
	l->taken_len++;
	return true;
}

static void
report(struct look *l, const char *dir, int dir_fd, pid_t writer)
{
	char *name;

	if (dir_fd > 0) {
		l->config.found(dir, dir_fd, writer, l->config.data);
		return;
	}
	if (l->config.known(dir, l->config.data))
		return;
	/* So it does not matter whether we or candidate.h find it first. */
	name = places_name(&l->places, dir);
	if (name != NULL)
		dir = name;
	if (!is_taken(l, dir))
		l->config.found(dir, 0, writer, l->config.data);
	free(name);
}

static void
on_found(const char *dir, pid_t writer, void *data)
{
	report(data, dir, 0, writer);
}

static bool
on_known(const char *dir, void *data)
{
	const struct look *l = data;

	return l->config.known(dir, l->config.data);
}

static struct candidate_config
make_find(struct look *l)
{
	return (struct candidate_config){
	    .inotify = l->config.inotify,
	    .not_before_ns = l->config.not_before_ns,
	    .ours = is_ours,
	    .user = has_user,
	    .known = on_known,
	    .found = on_found,
	    .data = l,
	};
}

static void
watch_place(struct look *l, const char *path, bool is_root, pid_t writer)
{
	struct candidate_config config = make_find(l);

	config.command = writer;
	config.direct = true;
	if (places_add(&l->places, path, is_root, &config) && is_root)
		walk_add(&l->markers, path);
}

/* Watches what the arguments of a program name by insideLLMs' rules. */
static void
read_arguments(struct look *l, struct descendant *p, struct proc_words *words)
{
	struct proc_words environment;
	struct rundir_guess guess;

	proc_words_read(&environment, p->pid, "environ");
	rundir_guess(&guess, words->count, words->words,
	    &(struct guess_from){.cwd = p->cwd != NULL ? p->cwd : "",
		.environment = proc_variable,
		.data = &environment});
	p->is_insidellms = guess.names_insidellms;
	if (guess.dir != NULL)
		watch_place(l, guess.dir, false, p->pid);
	if (guess.root != NULL)
		watch_place(l, guess.root, true, p->pid);
	rundir_guess_release(&guess);
	proc_words_release(&environment);
}

/* Notes where the process stands or, if it can't be asked (sudo), where its
 * parent does. */
static void
read_cwd(struct look *l, struct descendant *p)
{
	char *cwd = proc_link(p->pid, "cwd");

	for (size_t i = 0; cwd == NULL && p->cwd == NULL && i < l->all.len; i++)
		if (l->all.list[i].pid == p->parent &&
		    l->all.list[i].cwd != NULL)
			cwd = xstrdup(l->all.list[i].cwd);
	if (cwd == NULL)
		return;
	if (p->cwd == NULL || strcmp(p->cwd, cwd) != 0)
		walk_add(&l->markers, cwd);
	free(p->cwd);
	p->cwd = cwd;
}

static void
on_records(const char *dir, int dir_fd, pid_t writer, void *data)
{
	struct look *l = data;

	if (dir_fd < 0)
		blind_spots_note(&l->unseen, dir, dir_fd);
	else
		report(l, dir, dir_fd, writer);
}

static void
note(struct look *l, int code)
{
	if (!proc_is_closed(code))
		blind_spots_note(&l->unseen, "/proc", code);
}

/* Between the exec and the loader's work no program has the shim yet. */
#define LOOKS_FOR_SHIM 3

static void
look_at(struct look *l, struct descendant *p)
{
	struct proc_words words;
	int result = proc_words_read(&words, p->pid, "cmdline");
	uint64_t sum;

	/* A program whose arguments are too long to be read may write a run all
	 * the same. */
	if (result < 0 && result != -EMSGSIZE) {
		note(l, result);
		proc_words_release(&words);
		return;
	}
	sum = hash_bytes(words.text.data, words.text.len);
	p->fresh = p->looks == 0 || sum != p->arguments;
	if (p->fresh) {
		p->arguments = sum;
		p->looks = 0;
		p->has_shim = false;
	}
	if (!p->has_shim && p->looks < LOOKS_FOR_SHIM)
		p->has_shim = proc_has_shim(p->pid, &p->is_closed);
	p->looks++;
	l->saw_any = true;
	if (p->fresh) {
		descendants_note_user(&l->all, p->pid);
		read_cwd(l, p);
		read_arguments(l, p, &words);
	}
	proc_words_release(&words);
	if (p->is_closed)
		l->was_closed = true;
	if (p->has_shim && !l->trusts_nobody)
		return;
	if (p->looks > 1)
		l->saw_none = true;
	read_cwd(l, p);
	note(l, records_of(p->pid, on_records, l));
}

static void
look(struct look *l)
{
	blind_spots_forget(&l->unseen);
	descendants_read(&l->all);
	for (size_t i = 0; i < l->all.len; i++)
		look_at(l, &l->all.list[i]);
	note(l, l->all.failed);
	note(l, l->all.failed_named);
	l->all.failed = 0;
	l->looks++;
}

/* Returns when the next look is due after one that began at this processor
 * time. So a look that takes long is seldom, and does not put off one that
 * takes less. */
static int64_t
next_ms(int64_t before_us, int64_t least_ms)
{
	int64_t rest_ms = (clock_cpu_us() - before_us) * LOOK_SHARE / 1000;

	return clock_mono_ms() + (rest_ms > least_ms ? rest_ms : least_ms);
}

static void
on_timer(struct loop_timer *timer)
{
	struct look *l = timer->data;
	int64_t before_us = clock_cpu_us(), due_ms;

	if (clock_mono_ms() >= l->wide_due_ms) {
		descendants_read_named(&l->all);
		l->wide_due_ms = next_ms(before_us, WIDE_MS);
		before_us = clock_cpu_us();
	}
	look(l);
	due_ms =
	    next_ms(before_us, l->looks < LOOK_SOON ? LOOK_MS : LOOK_SLOW_MS);
	if (!l->stays || look_goes_on(l))
		loop_timer_set(
		    l->config.loop, &l->timer, due_ms - clock_mono_ms());
	else
		l->config.settled(l->config.data);
}

static void
on_marker(const char *dir, void *data)
{
	struct look *l = data;

	l->marked =
	    xreallocarray(l->marked, l->marked_len + 1, sizeof *l->marked);
	l->marked[l->marked_len++] = xstrdup(dir);
}

struct look *
look_new(const struct look_config *config)
{
	struct look *l = xcalloc(1, sizeof *l);
	char *cwd = process_cwd();

	l->config = *config;
	descendants_init(&l->all, config->command, config->socket);
	walk_init(&l->markers, config->not_before_ns, on_marker, l);
	blind_spots_init(&l->unseen, config->not_before_ns);
	walk_add(&l->markers, cwd);
	if (config->root != NULL)
		walk_add(&l->markers, config->root);
	l->timer = (struct loop_timer){.fire = on_timer, .data = l};
	loop_timer_set(config->loop, &l->timer, 0);
	free(cwd);
	return l;
}

void
look_free(struct look *l)
{
	if (l == NULL)
		return;
	loop_timer_cancel(l->config.loop, &l->timer);
	places_release(&l->places);
	for (size_t i = 0; i < l->marked_len; i++)
		free(l->marked[i]);
	free(l->marked);
	for (size_t i = 0; i < TAKEN_MAX; i++)
		free(l->taken[i]);
	walk_release(&l->markers);
	blind_spots_release(&l->unseen);
	descendants_release(&l->all);
	free(l);
}

void
look_add(struct look *l, pid_t pid)
{
	descendants_add(&l->all, pid);
}

void
look_trust_nobody(struct look *l)
{
	l->trusts_nobody = true;
}

void
look_now(struct look *l)
{
	descendants_read_named(&l->all);
	look(l);
	places_look(&l->places);
}

bool
look_is_in_doubt(const struct look *l, bool heard)
{
	return l->trusts_nobody || l->saw_none || (!l->saw_any && !heard);
}

void
look_for_markers(struct look *l)
{
	struct candidate_config config = make_find(l);

	walk_search(&l->markers);
	candidate_among(&config, l->marked, l->marked_len, &l->markers.unseen);
}

void
look_stay(struct look *l)
{
	l->stays = true;
	l->stay_until_ms = clock_mono_ms() + STAY_MS;
}

bool
look_goes_on(const struct look *l)
{
	bool soon = l->stays && clock_mono_ms() < l->stay_until_ms;

	for (size_t i = 0; i < l->all.len; i++)
		if (l->all.list[i].there &&
		    l->all.list[i].pid != l->config.command &&
		    (soon || l->all.list[i].is_insidellms))
			return true;
	return false;
}

void
look_describe(const struct look *l, struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; i < l->all.len; i++) {
		pid_t pid = l->all.list[i].pid;
		char *name;

		if (pid == l->config.command || ++count > NAMED_MAX)
			continue;
		name = process_name(pid);
		buf_addf(text, "%s%d (%s)", count > 1 ? ", " : "", (int)pid,
		    name != NULL ? name : "?");
		free(name);
	}
	if (count > NAMED_MAX)
		buf_addf(text, " and %zu more", count - NAMED_MAX);
}

bool
look_has_user(const struct look *l, uid_t user)
{
	return descendants_have_user(&l->all, user);
}

const char *
look_blind(const struct look *l)
{
	if (l->all.was_blind)
		return "without /proc programs that don't load the preload "
		       "library can't be seen";
	return l->was_closed ? "programs of another user can't be looked into"
			     : NULL;
}

void
look_tell_unseen(const struct look *l, struct blind_spots *all)
{
	blind_spots_add(all, &l->unseen);
	blind_spots_add(all, &l->markers.unseen);
	places_tell_unseen(&l->places, all);
}

void
look_report(const struct look *l, struct report *report)
{
	if (l->all.passed)
		report_say(report,
		    "more processes than are looked at (%d): a run of theirs "
		    "may have been missed",
		    DESCENDANTS_MAX);
	if (l->places.passed)
		report_say(report,
		    "more run directories in arguments of programs than are "
		    "watched (%d): a run may have been missed",
		    PLACES_MAX);
	if (l->markers.passed)
		report_say(report,
		    "the search for run directories was cut off (%d names, %d "
		    "folders deep, %d places): --run-dir names one",
		    WALK_NAMES_MAX, WALK_DEPTH_MAX, WALK_PLACES_MAX);
}
