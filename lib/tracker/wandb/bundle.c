#include "tracker/wandb/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "tracker/common/artifact_copy.h"

#define NAME_MAX_BYTES 256

void
wandb_bundles_init(struct wandb_bundles *b, const struct wandb_run *run)
{
	*b = (struct wandb_bundles){.run = run};
}

void
wandb_bundles_release(struct wandb_bundles *b)
{
	for (size_t i = 0; i < b->len; i++) {
		free(b->list[i].name);
		free(b->list[i].type);
		wandb_manifest_release(&b->list[i].files);
		wandb_sources_release(&b->list[i].sources);
	}
	free(b->list);
	*b = (struct wandb_bundles){0};
}

bool
wandb_bundles_are_calls(const struct wandb_bundles *b)
{
	return b->run->info->start->source == SOURCE_LIBRARY;
}

static struct wandb_bundle *
begin(struct wandb_bundles *b, int64_t first_us)
{
	struct wandb_bundle *bundle;

	b->list = xreallocarray(b->list, b->len + 1, sizeof(*b->list));
	bundle = &b->list[b->len++];
	*bundle = (struct wandb_bundle){.first_us = first_us};
	return bundle;
}

/* The files of a directory come one after the other, each once, under names that
 * begin with the directory's. */
static bool
goes_on(const struct wandb_bundle *last, const struct entry_artifact *a,
    size_t folder_len, const char *name)
{
	return last->folder && folder_len > 0 &&
	    strlen(last->name) == folder_len &&
	    memcmp(last->name, a->name, folder_len) == 0 &&
	    strcmp(last->type, a->type) == 0 &&
	    wandb_sources_find(&last->sources, name) == NULL;
}

/* The artifact of a call, and the file's name in it as the wandb package has it:
 * a single file's is that of the file itself. */
static struct wandb_bundle *
of_call(struct wandb_bundles *b, const struct entry *e, char **name)
{
	const struct entry_artifact *a = &e->artifact;
	const char *slash = strchr(a->name, '/');
	size_t folder_len = slash != NULL ? (size_t)(slash - a->name) : 0;
	struct wandb_bundle *bundle;

	*name =
	    local_copy_name(folder_len > 0 ? slash + 1 : path_base(a->path));
	if (b->len > 0 && goes_on(&b->list[b->len - 1], a, folder_len, *name))
		return &b->list[b->len - 1];
	bundle = begin(b, e->time_us);
	bundle->folder = folder_len > 0;
	bundle->name =
	    folder_len > 0 ? xstrndup(a->name, folder_len) : xstrdup(a->name);
	bundle->type = xstrdup(a->type);
	return bundle;
}

void
wandb_bundles_add(struct wandb_bundles *b, const struct entry *e,
    const char *place, const char *md5, int64_t size)
{
	struct wandb_bundle *bundle;
	char *name;

	if (wandb_bundles_are_calls(b)) {
		bundle = of_call(b, e, &name);
	} else {
		name = local_copy_name(e->artifact.name);
		bundle = b->len > 0 ? b->list : begin(b, e->time_us);
	}
	wandb_manifest_add(&bundle->files, name, md5, size);
	wandb_sources_put(&bundle->sources, name, &e->artifact, place);
	free(name);
}

bool
wandb_bundles_have_place(const struct wandb_bundles *b, const char *place)
{
	for (size_t i = 0; i < b->len; i++)
		if (wandb_sources_have_place(&b->list[i].sources, place))
			return true;
	return false;
}

void
wandb_bundle_name(const struct wandb_bundle *bundle,
    const struct wandb_run *run, struct buf *out)
{
	if (bundle->name != NULL)
		wandb_artifact_name(out, bundle->name);
	else
		wandb_run_artifact_name(
		    out, run->run_id != NULL ? run->run_id : run->id);
}

void
wandb_bundle_say_name(const struct wandb_bundle *bundle,
    const struct wandb_run *run, struct tracker *t)
{
	struct buf name;

	if (bundle->name == NULL)
		return;
	buf_init(&name, NAME_MAX_BYTES);
	wandb_bundle_name(bundle, run, &name);
	if (strcmp(name.data, bundle->name) != 0)
		tracker_altered(t, "W&B has the artifact %s as %s",
		    bundle->name, name.data);
	buf_release(&name);
}

const char *
wandb_bundle_type(const struct wandb_bundle *bundle)
{
	return bundle->type != NULL ? bundle->type : WANDB_ARTIFACT_TYPE;
}

void
wandb_bundle_version_id(const struct wandb_bundle *bundle,
    const struct wandb_run *run, char id[WANDB_CLIENT_ID_SIZE])
{
	char *purpose = bundle->name == NULL
	    ? xstrdup("version")
	    : xasprintf(
		  "version %jd %s", (intmax_t)bundle->first_us, bundle->name);

	wandb_client_id(id, run->info->start->attempt, purpose);
	free(purpose);
}

void
wandb_bundle_sequence_id(const struct wandb_bundle *bundle,
    const struct wandb_run *run, char id[WANDB_CLIENT_ID_SIZE])
{
	char *purpose = bundle->name == NULL
	    ? xstrdup("sequence")
	    : xasprintf("sequence %s", bundle->name);

	wandb_client_id(id, run->info->start->attempt, purpose);
	free(purpose);
}
