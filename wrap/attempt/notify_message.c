#include "wrap/attempt/notify_message.h"

#include <string.h>

#include "format/jsonwrite.h"
#include "format/text.h"
#include "wrap/attempt/report.h"
#include "wrap/attempt/values.h"

/* A run has some fifty metrics of its own; a channel's message some lines. */
#define JSON_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define TEXT_MAX_BYTES 65536
/* Discord takes 2,000 characters. */
#define DISCORD_MAX 1900

const char *
notify_message_event(const struct attempt *a)
{
	if (attempt_status(a) == RUN_KILLED && attempt_stop_reason(a) != NULL)
		return "stopped";
	return run_status_name(attempt_status(a));
}

/* Lines for people: how the run went, why it was stopped, where to look. */
static void
put_text(struct buf *text, const struct attempt *a, const struct values *v)
{
	struct delivery_status s;
	struct buf line;

	buf_init(&line, TEXT_MAX_BYTES);
	report_headline(&line, a, v);
	if (attempt_stop_reason(a) != NULL)
		buf_addf(
		    &line, "\nstopped by --stop-if %s", attempt_stop_reason(a));
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &s);
		if (s.place != NULL && s.place[0] != '\0')
			buf_addf(&line, "\n%s: %s", s.tracker, s.place);
	}
	for (char *rest = line.data; rest != NULL && *rest != '\0';) {
		char *one = strsep(&rest, "\n");

		if (text->len > 0)
			buf_addc(text, '\n');
		text_escape(text, one);
	}
	buf_release(&line);
}

static void
put_run(struct jsonwrite *w, const struct attempt *a)
{
	const struct entry_start *start = attempt_start(a);

	jsonwrite_open_member(w, "run", '{');
	jsonwrite_text_member(w, "attempt", attempt_name(a));
	jsonwrite_text_member(w, "run_id", attempt_run_id(a));
	jsonwrite_text_member(w, "run_dir", start->run_dir);
	jsonwrite_text_member(w, "project", start->project);
	jsonwrite_text_member(w, "status", run_status_name(attempt_status(a)));
	jsonwrite_text_member(w, "stopped_by", attempt_stop_reason(a));
	jsonwrite_close(w, '}');
}

static void
put_metrics(struct jsonwrite *w, const struct values *v)
{
	const struct named_value *n = NULL;

	jsonwrite_open_member(w, "metrics", '{');
	while ((n = values_next_metric(v, n)) != NULL) {
		jsonwrite_double_member(w, n->name, n->value.number);
	}
	jsonwrite_close(w, '}');
}

static void
put_trackers(struct jsonwrite *w, const struct attempt *a)
{
	struct delivery_status s;

	jsonwrite_open_member(w, "trackers", '[');
	for (size_t i = 0; i < attempt_delivery_count(a); i++) {
		attempt_delivery_status(a, i, &s);
		jsonwrite_open(w, '{');
		jsonwrite_text_member(w, "tracker", s.tracker);
		jsonwrite_text_member(w, "place", s.place);
		jsonwrite_close(w, '}');
	}
	jsonwrite_close(w, ']');
}

static void
make_json(struct notify_message *n, const struct attempt *a,
    const struct values *v, const char *event, const char *text)
{
	struct jsonwrite w;

	jsonwrite_init(&w, &n->json, JSONWRITE_COMPACT);
	w.nonfinite = JSONWRITE_QUOTED;
	jsonwrite_open(&w, '{');
	jsonwrite_int_member(&w, "version", NOTIFY_MESSAGE_VERSION);
	jsonwrite_text_member(&w, "event", event);
	jsonwrite_text_member(&w, "text", text);
	put_run(&w, a);
	put_metrics(&w, v);
	put_trackers(&w, a);
	jsonwrite_close(&w, '}');
	buf_addc(&n->json, '\n');
}

/* A name must not call people or look like a link: Slack's signs are written as
 * it wants them. */
static void
make_slack(struct notify_message *n, const char *text)
{
	struct jsonwrite w;
	struct buf plain;

	buf_init(&plain, 5 * TEXT_MAX_BYTES);
	for (; *text != '\0'; text++)
		if (*text == '&')
			buf_adds(&plain, "&amp;");
		else if (*text == '<')
			buf_adds(&plain, "&lt;");
		else if (*text == '>')
			buf_adds(&plain, "&gt;");
		else
			buf_addc(&plain, *text);
	jsonwrite_init(&w, &n->slack, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "text", plain.data);
	jsonwrite_close(&w, '}');
	buf_release(&plain);
}

/* The empty list keeps Discord from calling anybody by a name in the text. */
static void
make_discord(struct notify_message *n, const char *text)
{
	size_t len = strlen(text);
	struct jsonwrite w;
	struct buf cut;

	buf_init(&cut, TEXT_MAX_BYTES);
	if (len > DISCORD_MAX)
		for (len = DISCORD_MAX;
		     ((unsigned char)text[len] & 0xc0) == 0x80;)
			len--;
	buf_add(&cut, text, len);
	jsonwrite_init(&w, &n->discord, JSONWRITE_COMPACT);
	jsonwrite_open(&w, '{');
	jsonwrite_text_member(&w, "content", cut.data);
	jsonwrite_open_member(&w, "allowed_mentions", '{');
	jsonwrite_open_member(&w, "parse", '[');
	jsonwrite_close(&w, ']');
	jsonwrite_close(&w, '}');
	jsonwrite_close(&w, '}');
	buf_release(&cut);
}

void
notify_message_make(
    struct notify_message *n, const struct attempt *a, const char *event)
{
	struct values values;

	buf_init(&n->json, JSON_MAX_BYTES);
	buf_init(&n->slack, JSON_MAX_BYTES);
	buf_init(&n->discord, JSON_MAX_BYTES);
	buf_init(&n->text, TEXT_MAX_BYTES);
	/* What can't be read is left out; the report says why. */
	values_read(&values, a, 0, NULL);
	put_text(&n->text, a, &values);
	make_json(n, a, &values, event, n->text.data);
	make_slack(n, n->text.data);
	make_discord(n, n->text.data);
	values_release(&values);
}

void
notify_message_release(struct notify_message *n)
{
	buf_release(&n->json);
	buf_release(&n->slack);
	buf_release(&n->discord);
	buf_release(&n->text);
}
