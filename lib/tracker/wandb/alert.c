#include "tracker/wandb/alert.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/uri.h"
#include "tracker/wandb/run.h"

#define RUNS "/runs/"

static const char query[] =
    "mutation NotifyScriptableRunAlert($entityName:String!,"
    "$projectName:String!,$runName:String!,$title:String!,$text:String!,"
    "$severity:AlertSeverity=INFO,$waitDuration:Duration){"
    "notifyScriptableRunAlert(input:{entityName:$entityName,"
    "projectName:$projectName,runName:$runName,title:$title,text:$text,"
    "severity:$severity,waitDuration:$waitDuration}){success}}";

/* What names a run there. */
struct run_name {
	char *entity, *project, *id;
};

/* The part of the path that ends before `end`, decoded and allocated; *end is its
 * first character then, or NULL. */
static char *
part_before(const char *text, const char **end)
{
	const char *at =
	    *end != NULL ? memrchr(text, '/', (size_t)(*end - text)) : NULL;
	char *part;

	if (at == NULL || at + 1 == *end)
		return NULL;
	part = xstrndup(at + 1, (size_t)(*end - at - 1));
	uri_unescape(part);
	*end = at;
	return part;
}

static bool
read_place(struct run_name *name, const char *place)
{
	const char *end = place != NULL ? strstr(place, RUNS) : NULL;

	*name = (struct run_name){0};
	if (end == NULL || strncmp(place, "http", 4) != 0)
		return false;
	name->id = xstrdup(end + strlen(RUNS));
	uri_unescape(name->id);
	name->project = part_before(place, &end);
	name->entity = part_before(place, &end);
	return name->entity != NULL && name->project != NULL &&
	    name->id[0] != '\0';
}

static void
free_name(struct run_name *name)
{
	free(name->entity);
	free(name->project);
	free(name->id);
}

static void
on_answer(struct wandb_call *call, const struct wandb_reply *reply)
{
	struct wandb_alert *a = call->data;

	a->done(reply->outcome == OUTCOME_DONE ? NULL : reply->err.message,
	    a->data);
}

static void
put(struct jsonwrite *w, const char *name, const char *text)
{
	char *clean = wandb_utf8(text);

	jsonwrite_text_member(w, name, clean);
	free(clean);
}

static int
open_client(struct wandb_alert *a, struct loop *loop, const struct plan *plan,
    struct err *err)
{
	const struct wandb_wishes wishes = wandb_wishes_of(plan);

	wandb_settings_load(&a->settings, &wishes);
	a->open = true;
	if (a->settings.unread.code < 0)
		return err_set(err, a->settings.unread.code, "%s",
		    a->settings.unread.message);
	if (a->settings.key == NULL)
		return err_set(err, -ENOKEY, "%s", a->settings.why_no_key);
	if (a->settings.refused != NULL)
		return err_set(err, -EPERM, "%s", a->settings.refused);
	return wandb_client_open(&a->client, loop, &a->settings, err) < 0
	    ? -ENOSYS
	    : 0;
}

int
wandb_alert_send(struct wandb_alert *a, struct loop *loop,
    const struct plan *plan, const struct wandb_alert_news *news,
    struct err *err)
{
	struct run_name name;
	struct jsonwrite w;
	int result = 0;

	if (!read_place(&name, news->place))
		result = err_set(err, -ENOTSUP,
		    "the run is not on a server, which alone has alerts");
	if (result == 0)
		result = open_client(a, loop, plan, err);
	if (result == 0) {
		wandb_graphql_begin(&a->call, &w, query);
		put(&w, "entityName", name.entity);
		put(&w, "projectName", name.project);
		put(&w, "runName", name.id);
		put(&w, "title", news->title);
		put(&w, "text", news->text);
		jsonwrite_text_member(
		    &w, "severity", news->bad ? "ERROR" : "INFO");
		jsonwrite_int_member(&w, "waitDuration", 0);
		wandb_graphql_send(&a->call, &a->client, &w, on_answer, a);
	}
	free_name(&name);
	return result;
}

void
wandb_alert_release(struct wandb_alert *a)
{
	if (!a->open)
		return;
	wandb_call_release(&a->call);
	wandb_client_close(&a->client);
	wandb_settings_release(&a->settings);
	*a = (struct wandb_alert){0};
}
