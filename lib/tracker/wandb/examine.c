/* Examines what W&B would do with a run: online or offline, the key and its
 * owner, where the run goes. It only asks and changes nothing. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/loop.h"
#include "base/uri.h"
#include "tracker/wandb/examine.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/settings.h"

struct viewer {
	struct loop *loop;
	enum outcome outcome;
	char *entity, *user;
	struct err err;
};

static void
on_viewer(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct viewer *v = call->data;

	v->outcome = reply->outcome;
	v->err = reply->err;
	v->entity = json_at_text_new(reply->data, "viewer.entity");
	v->user = json_at_text_new(reply->data, "viewer.username");
	loop_stop(v->loop);
}

static void
ask_viewer(struct viewer *v, struct wandb_client *client)
{
	struct wandb_call call = {0};
	struct jsonwrite w;

	wandb_graphql_begin(&call, &w, "query Viewer{viewer{entity username}}");
	wandb_graphql_send(&call, client, &w, on_viewer, v);
	loop_run(v->loop);
	wandb_call_release(&call);
}

static void
say_viewer(const struct examination *x, const struct wandb_settings *s,
    const struct viewer *v)
{
	const char *entity = s->entity != NULL ? s->entity : v->entity;

	if (v->outcome == OUTCOME_BLOCKED)
		examine_say(x, VERDICT_BAD,
		    "%s: %s; get a key there, and put it into WANDB_API_KEY "
		    "or netrc (runs are written offline until then)",
		    s->base_url, v->err.message);
	else if (v->outcome != OUTCOME_DONE)
		examine_say(x, VERDICT_BAD,
		    "%s: %s (runs wait for it; itrack sync delivers them)",
		    s->base_url, v->err.message);
	else if (v->user == NULL)
		examine_say(x, VERDICT_BAD,
		    "%s answers, but the key belongs to nobody there",
		    s->base_url);
	else
		examine_say(x, VERDICT_GOOD,
		    "%s takes the key of %s; runs go to %s", s->base_url,
		    v->user, entity != NULL ? entity : "the key's default");
}

static void
examine_server(const struct examination *x, const struct wandb_settings *s)
{
	struct wandb_client client = {0};
	struct viewer v = {.loop = loop_new()};
	struct err err = ERR_INIT;

	if (s->note != NULL)
		examine_say(x, VERDICT_NOTE, "%s", s->note);
	if (uri_is_in_clear(s->base_url))
		examine_say(x, VERDICT_NOTE,
		    "the key goes to %s in clear text (plain http)",
		    s->base_url);
	if (s->insecure)
		examine_say(x, VERDICT_NOTE,
		    "the server's certificate is not verified "
		    "(WANDB_INSECURE_DISABLE_SSL)");
	if (s->refused != NULL) {
		examine_say(x, VERDICT_BAD, "%s", s->refused);
	} else if (wandb_client_open(&client, v.loop, s, &err) < 0) {
		examine_say(x, VERDICT_BAD, "%s", err.message);
	} else {
		ask_viewer(&v, &client);
		say_viewer(x, s, &v);
	}
	wandb_client_close(&client);
	loop_free(v.loop);
	free(v.entity);
	free(v.user);
}

static void
examine_offline(const struct examination *x, const struct wandb_settings *s)
{
	examine_say(x, VERDICT_NOTE, "offline: %s",
	    s->mode == WANDB_OFFLINE && s->mode_given ? "as asked for"
						      : s->why_no_key);
	examine_directory(x, s->root, "runs for wandb sync");
	if (s->entity == NULL)
		examine_say(x, VERDICT_NOTE,
		    "without --wandb-entity or WANDB_ENTITY the files of a run "
		    "are no artifact");
}

void
wandb_examine(const struct examination *x)
{
	const struct wandb_wishes wishes = wandb_wishes_of(x->plan);
	struct wandb_settings settings;

	wandb_settings_load(&settings, &wishes);
	if (settings.denied != NULL)
		examine_say(x, VERDICT_NOTE, "%s", settings.denied);
	if (settings.unread.code < 0)
		examine_say(x, VERDICT_BAD, "%s", settings.unread.message);
	else if (settings.mode == WANDB_DISABLED)
		examine_say(x, VERDICT_NOTE, "disabled (WANDB_MODE)");
	else if (settings.mode == WANDB_ONLINE && settings.key != NULL)
		examine_server(x, &settings);
	else
		examine_offline(x, &settings);
	wandb_settings_release(&settings);
}

/* Offline runs are files, which the report tells how to upload. */
static void
foretell_offline(const struct examination *x, const struct wandb_settings *s)
{
	char *what = xasprintf("offline: %s: runs for wandb sync",
	    s->mode == WANDB_OFFLINE && s->mode_given ? "as asked for"
						      : s->why_no_key);

	examine_directory(x, s->root, what);
	free(what);
}

static void
foretell_server(const struct examination *x, const struct wandb_settings *s)
{
	examine_say(x, VERDICT_GOOD, "runs go to %s, entity %s, project %s%s",
	    s->base_url, s->entity != NULL ? s->entity : "of the key",
	    wandb_project_of(x->plan, s),
	    uri_is_in_clear(s->base_url)
		? " (the key goes there in clear text: plain http)"
		: "");
}

void
wandb_foretell(const struct examination *x)
{
	const struct wandb_wishes wishes = wandb_wishes_of(x->plan);
	struct wandb_settings settings;

	wandb_settings_load(&settings, &wishes);
	if (settings.unread.code < 0)
		examine_say(x, VERDICT_BAD, "%s", settings.unread.message);
	else if (settings.mode == WANDB_DISABLED)
		examine_say(x, VERDICT_NOTE, "disabled (WANDB_MODE)");
	else if (settings.mode != WANDB_ONLINE || settings.key == NULL)
		foretell_offline(x, &settings);
	else if (settings.refused != NULL)
		examine_say(x, VERDICT_BAD, "%s", settings.refused);
	else
		foretell_server(x, &settings);
	wandb_settings_release(&settings);
}
