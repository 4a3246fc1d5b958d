#include "itrack/handle.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "format/text.h"
#include "itrack/find_worker.h"

/* How long the exit waits for another thread that waits for a delivery. */
#define EXIT_WAIT_US 1000000

/* A call under way on this thread: die() jumps back to it. */
struct guard {
	jmp_buf back;
	bool has_lock;
	char why[ERR_MESSAGE_MAX];
};

static _Thread_local struct guard *guard;

/* Of a program of ours that has the library in it. */
static die_hook *hook_of_program;

/* base/die.h wants a hook that does not return. So, when memory runs out, the
 * call is abandoned half done, and the handle becomes inert. */
static void
on_die(const char *message)
{
	if (guard == NULL && hook_of_program != NULL)
		hook_of_program(message);
	if (guard == NULL)
		abort();
	snprintf(guard->why, sizeof guard->why, "%s", message);
	_longjmp(guard->back, 1);
}

static void
set_hook(void)
{
	hook_of_program = die_set_hook(on_die);
}

static void
tell(struct itrack_error *error, const struct err *err)
{
	if (error == NULL || error->size < sizeof *error)
		return;
	error->code = err->code;
	snprintf(error->message, sizeof error->message, "%s", err->message);
}

int
handle_refuse(struct itrack_error *error, int code, const char *format, ...)
{
	struct err err = {.code = code};
	va_list ap;

	va_start(ap, format);
	vsnprintf(err.message, sizeof err.message, format, ap);
	va_end(ap);
	tell(error, &err);
	return code;
}

int
handle_no_run(struct err *err)
{
	return err_set(
	    err, -ENOTCONN, "No active run. Call start_run() first.");
}

char *
text_of_bytes(const char *bytes)
{
	struct buf text;

	buf_init(&text, HANDLE_NAMES_MAX);
	text_from_bytes(&text, bytes, strlen(bytes));
	return buf_steal(&text);
}

void
handle_lock(struct itrack_tracker *t)
{
	pthread_mutex_lock(&t->lock);
	guard->has_lock = true;
}

void
handle_unlock(struct itrack_tracker *t)
{
	guard->has_lock = false;
	pthread_mutex_unlock(&t->lock);
}

static int
guarded(struct itrack_tracker *t, enum handle_way way, handle_body *body,
    const void *arguments, struct err *err)
{
	struct guard own = {.has_lock = false};
	int result;

	guard = &own;
	if (_setjmp(own.back) != 0) {
		result = err_set(err, -ENOMEM, "%s", own.why);
		t->broken = true;
		if (guard->has_lock)
			handle_unlock(t);
		guard = NULL;
		return result;
	}
	if (way == HANDLE_LOG) {
		handle_lock(t);
		if (t->broken)
			result = err_set(err, -ENOMEM, "out of memory before");
		else if (t->run == NULL)
			result = handle_no_run(err);
		else if (t->run->blind)
			result = 0;
		else
			result = body(t, arguments, err);
		handle_unlock(t);
	} else {
		result = body(t, arguments, err);
	}
	guard = NULL;
	return result;
}

static int
call_one(struct itrack_tracker *t, enum handle_way way, handle_body *body,
    const void *arguments, struct err *err)
{
	int result;

	if (way != HANDLE_CONTROL)
		return guarded(t, way, body, arguments, err);
	pthread_mutex_lock(&t->control);
	result = t->broken ? err_set(err, -ENOMEM, "out of memory before")
			   : guarded(t, way, body, arguments, err);
	pthread_mutex_unlock(&t->control);
	return result;
}

void
handle_call_at_exit(struct itrack_tracker *t, bool control, handle_body *body,
    const void *arguments)
{
	struct timespec until =
	    clock_timespec((clock_wall_us() + EXIT_WAIT_US) * 1000);

	if (t->broken ||
	    (control && pthread_mutex_timedlock(&t->control, &until) != 0))
		return;
	guarded(t, HANDLE_CONTROL, body, arguments, NULL);
	if (control)
		pthread_mutex_unlock(&t->control);
}

int
handle_call(struct itrack_tracker *t, enum handle_way way, handle_body *body,
    const void *arguments, struct itrack_error *error)
{
	struct err err = ERR_INIT;
	int result = 0;

	if (t == NULL)
		return handle_refuse(error, -EINVAL, "the tracker is NULL");
	if (t->owner != getpid())
		return handle_refuse(error, -ECHILD,
		    "this tracker was made before fork(): only its own "
		    "process can use it");
	if (t->member_count == 0)
		result = call_one(t, way, body, arguments, &err);
	for (size_t i = 0; i < t->member_count; i++) {
		struct err own = ERR_INIT;

		if (call_one(t->members[i], way, body, arguments, &own) < 0 &&
		    result == 0) {
			result = own.code;
			err = own;
		}
	}
	if (result < 0)
		tell(error, &err);
	return result;
}

struct itrack_tracker *
handle_new(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct itrack_tracker *t = calloc(1, sizeof *t);

	if (t == NULL)
		return NULL;
	pthread_once(&once, set_hook);
	pthread_mutex_init(&t->control, NULL);
	pthread_mutex_init(&t->lock, NULL);
	t->owner = getpid();
	buf_init(&t->names, HANDLE_NAMES_MAX);
	at_exit_add(t);
	return t;
}

static void
free_tracker(struct itrack_tracker *t)
{
	at_exit_remove(t);
	kind_settings_release(&t->settings);
	buf_release(&t->names);
	free(t->metrics);
	free(t->worker);
	free(t->run_id);
	free(t->altered);
	free(t->refused);
	free(t->open_name);
	free(t->members);
	pthread_mutex_destroy(&t->control);
	pthread_mutex_destroy(&t->lock);
	free(t);
}

struct create {
	const char *kind;
	const struct itrack_config *config;
	const struct itrack_option *options;
	size_t option_count;
};

static int
create(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	const struct create *c = arguments;

	worker_find(&t->worker, &t->no_worker);
	return kind_settings_init(
	    &t->settings, c->kind, c->config, c->options, c->option_count, err);
}

int
itrack_create_tracker(struct itrack_tracker **tracker, const char *kind,
    const struct itrack_config *config, const struct itrack_option *options,
    size_t option_count, struct itrack_error *err)
{
	struct create c = {kind, config, options, option_count};
	struct itrack_tracker *t;
	int result;

	if (tracker == NULL || kind == NULL ||
	    (options == NULL && option_count > 0))
		return handle_refuse(
		    err, -EINVAL, "tracker, kind or options is NULL");
	t = handle_new();
	if (t == NULL)
		return handle_refuse(err, -ENOMEM, "out of memory");
	result = handle_call(t, HANDLE_CONTROL, create, &c, err);
	if (result < 0)
		free_tracker(t);
	else
		*tracker = t;
	return result;
}

int
itrack_multi(struct itrack_tracker **tracker,
    struct itrack_tracker *const *members, size_t count,
    struct itrack_error *err)
{
	struct itrack_tracker *t;

	if (tracker == NULL || members == NULL || count == 0)
		return handle_refuse(
		    err, -EINVAL, "a multi needs at least one tracker");
	for (size_t i = 0; i < count; i++)
		if (members[i] == NULL || members[i]->member_count > 0)
			return handle_refuse(err, -EINVAL, "member %zu is %s",
			    i, members[i] == NULL ? "NULL" : "a multi itself");
	t = handle_new();
	if (t == NULL)
		return handle_refuse(err, -ENOMEM, "out of memory");
	t->members = calloc(count, sizeof(struct itrack_tracker *));
	if (t->members == NULL) {
		free_tracker(t);
		return handle_refuse(err, -ENOMEM, "out of memory");
	}
	memcpy(t->members, members, count * sizeof(struct itrack_tracker *));
	t->member_count = count;
	*tracker = t;
	return 0;
}

static int
let_go(struct itrack_tracker *t, const void *arguments, struct err *err)
{
	(void)arguments;
	(void)err;
	return run_let_go(t) ? 1 : 0;
}

void
itrack_free(struct itrack_tracker *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->member_count; i++)
		itrack_free(t->members[i]);
	if (t->member_count == 0 &&
	    guarded(t, HANDLE_CONTROL, let_go, NULL, NULL) == 1)
		return;
	free_tracker(t);
}

const char *
itrack_run_id(const struct itrack_tracker *t)
{
	if (t == NULL)
		return NULL;
	return t->member_count > 0 ? itrack_run_id(t->members[0]) : t->run_id;
}

const char *
itrack_run_dir(const struct itrack_tracker *t)
{
	if (t == NULL)
		return NULL;
	if (t->member_count > 0)
		return itrack_run_dir(t->members[0]);
	return t->run != NULL ? t->run->place : NULL;
}

const char *
itrack_altered(const struct itrack_tracker *t)
{
	const char *altered = "";

	if (t == NULL)
		return "";
	for (size_t i = 0; i < t->member_count && altered[0] == '\0'; i++)
		altered = itrack_altered(t->members[i]);
	return t->altered != NULL ? t->altered : altered;
}

const char *
itrack_refused(const struct itrack_tracker *t)
{
	const char *refused = "";

	if (t == NULL)
		return "";
	for (size_t i = 0; i < t->member_count && refused[0] == '\0'; i++)
		refused = itrack_refused(t->members[i]);
	return t->refused != NULL ? t->refused : refused;
}

const char *
itrack_version(void)
{
	return ITRACK_VERSION;
}
