#include "tracker/mlflow/tags.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"
#include "tracker/mlflow/limits.h"
#include "tracker/mlflow/names.h"

#define TEXT_BYTES (1024 * 1024)

static struct mlflow_tag *
find(const struct mlflow_tags *tags, const char *key)
{
	for (size_t i = 0; i < tags->len; i++)
		if (strcmp(tags->list[i].key, key) == 0)
			return &tags->list[i];
	return NULL;
}

unsigned
mlflow_tags_put(struct mlflow_tags *tags, const char *name, const char *value)
{
	struct mlflow_tag *tag;
	struct buf key, text;
	unsigned did = 0;

	if (value == NULL)
		return 0;
	buf_init(&key, TEXT_BYTES);
	buf_init(&text, TEXT_BYTES);
	if (mlflow_key(&key, "", name))
		did |= MLFLOW_TAG_RENAMED;
	if (mlflow_text(&text, value, MLFLOW_TAG_VALUE_MAX))
		did |= MLFLOW_TAG_CUT;
	tag = find(tags, key.data);
	if (tag == NULL) {
		tags->list = xreallocarray(
		    tags->list, tags->len + 1, sizeof *tags->list);
		tag = &tags->list[tags->len++];
		*tag = (struct mlflow_tag){.key = buf_steal(&key)};
	} else if (strcmp(tag->value, text.data) != 0) {
		did |= MLFLOW_TAG_REPLACED;
	}
	free(tag->value);
	tag->value = buf_steal(&text);
	buf_release(&key);
	buf_release(&text);
	return did;
}

void
mlflow_tags_remove(struct mlflow_tags *tags, const char *key)
{
	struct mlflow_tag *tag = find(tags, key);

	if (tag == NULL)
		return;
	free(tag->key);
	free(tag->value);
	tags->len--;
	memmove(tag, tag + 1,
	    (tags->len - (size_t)(tag - tags->list)) * sizeof *tag);
}

void
mlflow_tags_release(struct mlflow_tags *tags)
{
	for (size_t i = 0; i < tags->len; i++) {
		free(tags->list[i].key);
		free(tags->list[i].value);
	}
	free(tags->list);
	*tags = (struct mlflow_tags){0};
}

const char *
mlflow_tags_get(const struct mlflow_tags *tags, const char *key)
{
	const struct mlflow_tag *tag = find(tags, key);

	return tag != NULL ? tag->value : NULL;
}
