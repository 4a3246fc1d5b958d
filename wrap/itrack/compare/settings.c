#include "wrap/itrack/compare/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"

#define PREFIX "config."

static const struct param *
find(const struct run *run, const char *name)
{
	const struct entry_params *params = &run->config.params;

	for (size_t i = 0; i < params->len; i++)
		if (strcmp(params->list[i].name, name) == 0)
			return &params->list[i];
	return NULL;
}

static char *
text_of(const struct param *param)
{
	struct buf text;

	if (param == NULL)
		return NULL;
	buf_init(&text, SIZE_MAX / 2);
	value_text(&param->value, &text);
	return buf_steal(&text);
}

static void
add(struct settings *s, const char *name, const struct param *base,
    const struct param *now)
{
	char *was = text_of(base), *is = text_of(now);

	if (was != NULL && is != NULL && strcmp(was, is) == 0) {
		free(was);
		free(is);
		return;
	}
	if (strncmp(name, PREFIX, strlen(PREFIX)) == 0)
		name += strlen(PREFIX);
	s->list = xreallocarray(s->list, s->len + 1, sizeof s->list[0]);
	s->list[s->len++] = (struct setting){name, was, is};
}

/* An empty one has no reason why there is none. */
static bool
has_config(const struct run *run)
{
	return run->config.params.len > 0 || run->config_why == NULL;
}

void
settings_compare(
    struct settings *s, const struct run *base, const struct run *now)
{
	const struct entry_params *a = &base->config.params;
	const struct entry_params *b = &now->config.params;

	*s = (struct settings){.known = has_config(base) && has_config(now)};
	if (!s->known)
		return;
	for (size_t i = 0; i < a->len; i++)
		add(s, a->list[i].name, &a->list[i],
		    find(now, a->list[i].name));
	for (size_t i = 0; i < b->len; i++)
		if (find(base, b->list[i].name) == NULL)
			add(s, b->list[i].name, NULL, &b->list[i]);
}

void
settings_release(struct settings *s)
{
	for (size_t i = 0; i < s->len; i++) {
		free(s->list[i].base);
		free(s->list[i].now);
	}
	free(s->list);
	*s = (struct settings){0};
}
