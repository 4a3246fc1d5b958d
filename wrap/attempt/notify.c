#include "wrap/attempt/notify.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/log.h"
#include "format/text.h"
#include "http/http.h"
#include "tracker/wandb/alert.h"
#include "wrap/attempt/notify_program.h"
#include "wrap/attempt/notify_message.h"
#include "wrap/attempt/private.h"
#include "wrap/attempt/start.h"

/* A target may take so long while the command runs. */
#define NOTIFY_MS 30000
#define COMMAND   "command:"
#define WANDB     "wandb"

/* One target that is being told. */
struct telling {
	struct attempt *attempt;
	const char *target; /* of the options */
	struct http_call *call;
	struct notify_program program;
	struct wandb_alert alert;
	bool waits; /* for the run to be at W&B */
	bool done;
};

struct notify {
	struct notify_message message;
	struct http *http; /* NULL: none was needed yet */
	struct telling list[OPTIONS_NOTIFY_MAX];
	size_t len;
	struct loop_timer limit;
};

static bool
is_wanted(const struct attempt *a)
{
	return a->config.notifies && a->config.options->notify_len > 0;
}

void
attempt_name_targets(const struct attempt *a, struct entry_end *end)
{
	const struct options *o = a->config.options;

	if (!is_wanted(a))
		return;
	end->event = xstrdup(notify_message_event(a));
	end->notified = xcalloc(o->notify_len, sizeof(char *));
	for (; end->notified_len < o->notify_len; end->notified_len++)
		end->notified[end->notified_len] =
		    text_path_text(o->notify[end->notified_len]);
}

/* `why` NULL: it was told. */
static void
finish(struct telling *t, const char *why)
{
	struct attempt *a = t->attempt;
	struct err err = ERR_INIT;

	if (t->done)
		return;
	t->done = true;
	t->call = NULL;
	notify_program_end(&t->program);
	if (why != NULL) {
		err_set(&err, -ECANCELED, "--notify %s: %s", t->target, why);
		attempt_say(a, &err);
	}
	log_verbose("%s: notified %s: %s", attempt_name(a), t->target,
	    why != NULL ? why : "OK");
	if (a->config.settled != NULL)
		a->config.settled(a, a->config.data);
	loop_kick(a->config.loop);
}

/* An error's text may hold an address to which the server led us. */
static void
on_answer(void *data, const struct http_answer *answer)
{
	struct telling *t = data;

	t->call = NULL;
	if (answer->result == HTTP_OK)
		finish(t, NULL);
	else if (strstr(answer->error, "://") != NULL)
		finish(t, "the request was not sent where it should go");
	else
		finish(t, answer->error);
}

static void
post(struct telling *t, const char *url, const struct buf *body)
{
	static const char *const headers[] = {
	    "Content-Type: application/json", NULL};
	const struct http_request request = {.method = "POST",
	    .url = url,
	    .headers = headers,
	    .body = body->data,
	    .body_len = (int64_t)body->len,
	    .once = true,
	    .no_credentials = true,
	    .secret_path = true,
	    .timeout_ms = NOTIFY_MS,
	    .done = on_answer,
	    .data = t};
	struct notify *n = t->attempt->notify;
	struct err err = ERR_INIT;

	if (n->http == NULL)
		n->http = http_new(t->attempt->config.loop,
		    &(struct http_config){.netrc = false}, &err);
	if (n->http == NULL)
		finish(t, err.message);
	else
		t->call = http_start(n->http, &request);
}

static void
on_told(const char *why, void *data)
{
	finish(data, why);
}

/* The tracker has the settings, such as the server and the key. */
static int
send_alert(struct telling *t, const char *place, struct err *err)
{
	struct attempt *a = t->attempt;
	const struct entry_start *start = &a->start.start;
	struct target *targets;
	size_t len, at = 0;
	const char *event = notify_message_event(a);
	char *title = xasprintf("%s: a run has %s%s", start->project,
	    strcmp(event, "finished") == 0 || strcmp(event, "failed") == 0
		? ""
		: "been ",
	    event);
	struct plan plan = {.project = start->project,
	    .experiment = start->experiment_name,
	    .cwd = start->cwd};
	const struct wandb_alert_news news = {.place = place,
	    .title = title,
	    .text = a->notify->message.text.data,
	    .bad = strcmp(event, "finished") != 0};
	int result;

	targets = attempt_make_targets(a->config.options, true, &len);
	while (at < len && strcmp(targets[at].tracker, WANDB) != 0)
		at++;
	plan.target = at < len ? &targets[at] : NULL;
	t->alert.done = on_told;
	t->alert.data = t;
	result = plan.target == NULL
	    ? err_set(err, -ENOTSUP, "--track does not name it")
	    : wandb_alert_send(&t->alert, a->config.loop, &plan, &news, err);
	attempt_free_targets(targets, len);
	free(title);
	return result;
}

/* As soon as the tracker says where the run is. */
static void
try_alert(struct telling *t)
{
	struct delivery_status s = {0};
	struct err err = ERR_INIT;
	size_t count = attempt_delivery_count(t->attempt), i;

	for (i = 0; i < count; i++) {
		attempt_delivery_status(t->attempt, i, &s);
		if (strcmp(s.tracker, WANDB) == 0)
			break;
	}
	t->waits = i < count && s.place == NULL && s.state < DELIVERY_FINISHED;
	if (t->waits)
		return;
	if (send_alert(t, i < count ? s.place : NULL, &err) < 0)
		finish(t, err.message);
}

void
attempt_notify_turn(struct attempt *a)
{
	for (size_t i = 0; a->notify != NULL && i < a->notify->len; i++)
		if (a->notify->list[i].waits && !a->notify->list[i].done)
			try_alert(&a->notify->list[i]);
}

static void
tell(struct telling *t)
{
	const struct notify_message *message = &t->attempt->notify->message;
	const char *url =
	    options_notify_address(t->attempt->config.options, t->target);
	struct err err = ERR_INIT;

	if (strncmp(t->target, COMMAND, strlen(COMMAND)) == 0) {
		t->program =
		    (struct notify_program){.done = on_told, .data = t};
		if (notify_program_run(&t->program, t->attempt->config.loop,
			t->target + strlen(COMMAND), &message->json, &err) < 0)
			finish(t, err.message);
	} else if (strcmp(t->target, WANDB) == 0) {
		try_alert(t);
	} else if (strcmp(t->target, "slack") == 0) {
		post(t, url, &message->slack);
	} else if (strcmp(t->target, "discord") == 0) {
		post(t, url, &message->discord);
	} else {
		post(t, url, &message->json);
	}
}

static void
give_up(struct loop_timer *timer)
{
	struct attempt *a = timer->data;

	for (size_t i = 0; i < a->notify->len; i++) {
		struct telling *t = &a->notify->list[i];

		if (t->call != NULL)
			http_cancel(t->call);
		finish(t, "no answer in time");
	}
}

void
attempt_notify(struct attempt *a)
{
	const struct options *o = a->config.options;
	struct err err = ERR_INIT;
	struct notify *n;

	if (!is_wanted(a) || a->notify != NULL)
		return;
	if (journal_in_memory(a->journal) || journal_is_cut(a->journal)) {
		err_set(&err, -ENOSPC,
		    "--notify: nobody was told, because without a journal "
		    "somebody might be told twice");
		attempt_say(a, &err);
		return;
	}
	n = a->notify = xcalloc(1, sizeof(*n));
	n->limit = (struct loop_timer){.fire = give_up, .data = a};
	notify_message_make(&n->message, a, notify_message_event(a));
	for (; n->len < o->notify_len; n->len++)
		n->list[n->len] =
		    (struct telling){.attempt = a, .target = o->notify[n->len]};
	for (size_t i = 0; i < n->len; i++)
		tell(&n->list[i]);
	loop_timer_set(a->config.loop, &n->limit, NOTIFY_MS);
}

void
attempt_notify_until(struct attempt *a, int64_t ms)
{
	if (a->notify != NULL && !attempt_has_notified(a))
		loop_timer_set(a->config.loop, &a->notify->limit,
		    ms < NOTIFY_MS ? ms : NOTIFY_MS);
}

bool
attempt_has_notified(const struct attempt *a)
{
	for (size_t i = 0; a->notify != NULL && i < a->notify->len; i++)
		if (!a->notify->list[i].done)
			return false;
	return true;
}

void
attempt_notify_free(struct attempt *a)
{
	struct notify *n = a->notify;

	if (n == NULL)
		return;
	loop_timer_cancel(a->config.loop, &n->limit);
	for (size_t i = 0; i < n->len; i++) {
		notify_program_end(&n->list[i].program);
		wandb_alert_release(&n->list[i].alert);
	}
	http_free(n->http);
	notify_message_release(&n->message);
	free(n);
	a->notify = NULL;
}
