/* Who sends: the attributes of the resource, which are the same in all requests
 * of a run. */
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tracker/otlp/private.h"

#define RESOURCE_MAX (1024 * 1024)
#define TEXT_MAX     (64 * 1024)

static void
put(struct buf *out, const char *key, const char *text)
{
	otel_text(out, OTEL_RESOURCE_ATTRIBUTE, key, text);
}

/* What the user set by OpenTelemetry's own variables; the instance is ours
 * alone, because runs of one instance overwrite each other's counters. */
static bool
put_users(struct otlp *o)
{
	const struct otlp_config *c = &o->config;
	bool service = false;

	for (size_t i = 0; i < c->resource_len; i++) {
		const char *name = c->resource[i].name;
		struct buf text;

		if (strcmp(name, OTLP_INSTANCE) == 0) {
			tracker_note(o->tracker,
			    OTLP_INSTANCE
			    " is the attempt's name, because "
			    "each run needs one of its own; the given value "
			    "is left out");
			continue;
		}
		service = service || strcmp(name, OTLP_SERVICE) == 0;
		buf_init(&text, TEXT_MAX);
		text_from_bytes(
		    &text, c->resource[i].text, strlen(c->resource[i].text));
		put(&o->resource, name, text.data != NULL ? text.data : "");
		buf_release(&text);
	}
	return service;
}

/* "name=value", or a name alone. */
static void
put_tag(struct buf *out, const char *tag)
{
	const char *equals = strchr(tag, '=');
	size_t len = equals != NULL ? (size_t)(equals - tag) : strlen(tag);
	char *name = xasprintf(OTLP_TAG "%.*s", (int)len, tag);

	put(out, name, equals != NULL ? equals + 1 : "true");
	free(name);
}

void
otlp_resource_make(struct otlp *o)
{
	const struct entry_start *start = o->run->start;

	buf_init(&o->resource, RESOURCE_MAX);
	if (!put_users(o))
		put(&o->resource, OTLP_SERVICE, OTLP_SERVICE_DEFAULT);
	put(&o->resource, OTLP_INSTANCE, start->attempt);
	put(&o->resource, OTLP_RUN_ID, o->run->run_id);
	put(&o->resource, OTLP_PROJECT, start->project);
	put(&o->resource, OTLP_GROUP, entry_start_group(start));
	if (start->prefix != NULL && start->prefix[0] != '\0')
		put(&o->resource, OTLP_METRIC_PREFIX, start->prefix);
	if (entry_start_was_there(start))
		put(&o->resource, OTLP_HOST, start->host);
	for (size_t i = 0; i < start->tag_len; i++)
		put_tag(&o->resource, start->tags[i]);
}
