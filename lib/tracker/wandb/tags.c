#include "tracker/wandb/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "tracker/wandb/values.h"
#include "tracker/wandb/variables.h"

/* W&B's limit. */
#define TAG_MAX_CHARACTERS 64

/* A tag of more characters would cost the whole run. */
static char *
cut_tag(struct wandb_run *run, const char *text, size_t len)
{
	char *part = xstrndup(text, len), *tag = wandb_utf8(part);

	free(part);
	if (wandb_cut(tag, TAG_MAX_CHARACTERS))
		run->tag_cut = true;
	return tag;
}

void
wandb_tag_add(struct wandb_run *run, const char *text, size_t len)
{
	char *tag = cut_tag(run, text, len);
	size_t i;

	for (i = 0; i < run->tag_len; i++)
		if (strcmp(run->tags[i], tag) == 0)
			break;
	if (i < run->tag_len || tag[0] == '\0') {
		free(tag);
		return;
	}
	run->tags =
	    xreallocarray(run->tags, run->tag_len + 1, sizeof(*run->tags));
	run->tags[run->tag_len++] = tag;
}

/* A tag without its end would say something else; the config has all of it. */
static void
add_where(struct wandb_run *run, const struct pair *where)
{
	char *text = xasprintf("%s=%s", where->name, where->text);
	char *tag = wandb_utf8(text);

	if (!wandb_cut(tag, TAG_MAX_CHARACTERS))
		wandb_tag_add(run, text, strlen(text));
	free(tag);
	free(text);
}

void
wandb_tags_add(struct wandb_run *run, const struct entry_start *start)
{
	char *list = wandb_variable_text("WANDB_TAGS");
	const char *at = list;
	size_t i, len;

	for (i = 0; i < start->tag_len; i++)
		wandb_tag_add(run, start->tags[i], strlen(start->tags[i]));
	for (i = 0; i < start->where_len; i++)
		add_where(run, &start->where[i]);
	while (at != NULL && *at != '\0') {
		len = strcspn(at, ",");
		wandb_tag_add(run, at, len);
		at += len + (at[len] == ',');
	}
	free(list);
}
