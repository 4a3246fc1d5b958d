/*
 * The tags of a run: each name once, within MLflow's limits.
 *
 *	mlflow_tags_put(&tags, name, value);    a name that is there already
 *	                                        gets the new value, in its place
 *	mlflow_tags_release(&tags);
 *
 * The value that was put last counts: we put our own tags first, then those of
 * the user.
 */
#ifndef TRACKER_MLFLOW_TAGS_H
#define TRACKER_MLFLOW_TAGS_H

#include <stddef.h>

struct mlflow_tag {
	char *key;
	char *value;
};

struct mlflow_tags {
	struct mlflow_tag *list;
	size_t len;
};

/* What mlflow_tags_put() had to change or replace. */
enum {
	MLFLOW_TAG_RENAMED = 1 << 0,  /* MLflow refuses the name */
	MLFLOW_TAG_CUT = 1 << 1,      /* MLflow cuts the value */
	MLFLOW_TAG_REPLACED = 1 << 2, /* another value stood there */
};

/* Copies name and value, made valid and cut. A value of NULL does nothing.
 * Returns a combination of the flags above. */
unsigned mlflow_tags_put(
    struct mlflow_tags *tags, const char *name, const char *value);
/* Removes the tag if it exists. */
void mlflow_tags_remove(struct mlflow_tags *tags, const char *key);
void mlflow_tags_release(struct mlflow_tags *tags);

/* The value of this key; NULL: there is none. */
const char *mlflow_tags_get(const struct mlflow_tags *tags, const char *key);

#endif
