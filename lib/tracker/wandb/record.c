#include "tracker/wandb/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/pb.h"
#include "format/text.h"

/* Members of Record. */
enum record_member {
	RECORD_NUM = 1,
	RECORD_HISTORY = 2,
	RECORD_SUMMARY = 3,
	RECORD_CONFIG = 5,
	RECORD_FILES = 6,
	RECORD_STATS = 7,
	RECORD_ARTIFACT = 8,
	RECORD_RUN = 17,
	RECORD_EXIT = 18,
	RECORD_FINAL = 20,
	RECORD_HEADER = 21,
	RECORD_FOOTER = 22,
	RECORD_ENVIRONMENT = 26,
};

/* The oldest reader that knows all that we write. */
#define MIN_CONSUMER  "0.70.0"
#define US_PER_SECOND 1000000
#define NS_PER_US     1000
/* A path or a name; a value has its own limit. */
#define TEXT_MAX (64 * 1024 * 1024)
/* Files go up as they are at the sync; type OTHER. */
#define POLICY_NOW 0

static void
put_text(struct buf *out, uint32_t field, const char *text)
{
	struct buf utf8;

	if (text == NULL)
		return;
	buf_init(&utf8, TEXT_MAX);
	text_to_utf8(&utf8, text);
	pb_bytes(out, field, utf8.data, utf8.len);
	buf_release(&utf8);
}

/* Opens a Record and its member; put_end closes both. A Record is no nested
 * message itself, so only the member has a length. */
static size_t
begin(struct buf *out, int64_t num, enum record_member member)
{
	pb_varint(out, RECORD_NUM, (uint64_t)num);
	return pb_begin(out, member);
}

/* Config, summary and history items share their numbers: key 1, value_json 16.
 */
static void
put_items(struct buf *out, uint32_t field, const struct wandb_values *values)
{
	const struct paramset_item *item;
	size_t at;

	TAILQ_FOREACH (item, &values->set.list, link) {
		at = pb_begin(out, field);
		put_text(out, 1, item->name);
		pb_text(out, 16, item->value.text);
		pb_end(out, at);
	}
}

void
wandb_record_header(struct buf *out, int64_t num)
{
	size_t record = begin(out, num, RECORD_HEADER);
	size_t version = pb_begin(out, 1);

	pb_text(out, 1, WANDB_CLIENT);
	pb_text(out, 2, MIN_CONSUMER);
	pb_end(out, version);
	pb_end(out, record);
}

static void
put_git(struct buf *out, uint32_t field, const struct wandb_run *run)
{
	size_t at;

	if (run->remote == NULL && run->commit == NULL)
		return;
	at = pb_begin(out, field);
	put_text(out, 1, run->remote);
	put_text(out, 2, run->commit);
	pb_end(out, at);
}

static void
put_telemetry(struct buf *out, uint32_t field)
{
	struct buf platform;
	size_t at = pb_begin(out, field);

	buf_init(&platform, TEXT_MAX);
	wandb_run_platform(&platform);
	pb_text(out, 5, WANDB_CLIENT);
	pb_text(out, 13, platform.data);
	pb_end(out, at);
	buf_release(&platform);
}

/* A Timestamp of protobuf's: its nanoseconds count on from the second before,
 * also before 1970. */
static void
put_time(struct buf *out, int64_t wall_us)
{
	int64_t seconds = wall_us / US_PER_SECOND;

	if (wall_us % US_PER_SECOND < 0)
		seconds--;
	pb_varint(out, 1, (uint64_t)seconds);
	pb_varint(
	    out, 2, (uint64_t)(wall_us - seconds * US_PER_SECOND) * NS_PER_US);
}

void
wandb_record_run(struct buf *out, int64_t num, const struct wandb_run *run)
{
	size_t record = begin(out, num, RECORD_RUN), at, i;

	pb_text(out, 1, run->id);
	put_text(out, 2, run->entity);
	put_text(out, 3, run->project);
	at = pb_begin(out, 4);
	put_items(out, 1, &run->config);
	pb_end(out, at);
	put_text(out, 6, run->group);
	put_text(out, 7, run->job_type);
	put_text(out, 8, run->name);
	put_text(out, 9, run->notes);
	for (i = 0; i < run->tag_len; i++)
		put_text(out, 10, run->tags[i]);
	put_text(out, 12, run->sweep);
	put_text(out, 13, run->host);
	at = pb_begin(out, 17);
	put_time(out, run->started_us);
	pb_end(out, at);
	put_telemetry(out, 19);
	put_git(out, 21, run);
	pb_end(out, record);
}

/* Only what the start entry says: the machine that reads the journal later may
 * be another one. */
void
wandb_record_environment(struct buf *out, int64_t num,
    const struct wandb_run *run, const struct entry_start *start)
{
	size_t record = begin(out, num, RECORD_ENVIRONMENT), at;

	at = pb_begin(out, 3);
	put_time(out, run->started_us);
	pb_end(out, at);
	put_text(out, 6, start->command);
	put_git(out, 9, run);
	if (entry_start_was_there(start)) {
		put_text(out, 11, start->cwd);
		put_text(out, 12, start->host);
	}
	put_text(out, 13, start->user);
	pb_text(out, 199, WANDB_CLIENT);
	pb_end(out, record);
}

void
wandb_record_config(
    struct buf *out, int64_t num, const struct wandb_values *config)
{
	size_t record = begin(out, num, RECORD_CONFIG);

	put_items(out, 1, config);
	pb_end(out, record);
}

void
wandb_record_summary(struct buf *out, int64_t num,
    const struct wandb_values *values, int64_t runtime_seconds)
{
	size_t record = begin(out, num, RECORD_SUMMARY), at;
	char *seconds = xasprintf("%lld", (long long)runtime_seconds);

	put_items(out, 1, values);
	at = pb_begin(out, 1);
	pb_text(out, 2, "_wandb");
	pb_text(out, 2, "runtime");
	pb_text(out, 16, seconds);
	pb_end(out, at);
	pb_end(out, record);
	free(seconds);
}

void
wandb_record_history(
    struct buf *out, int64_t num, const struct wandb_values *row)
{
	size_t record = begin(out, num, RECORD_HISTORY), at;
	const char *step = wandb_values_get(row, "_step");

	put_items(out, 1, row);
	if (step != NULL) {
		at = pb_begin(out, 2);
		pb_varint(out, 1, strtoull(step, NULL, 10));
		pb_end(out, at);
	}
	pb_end(out, record);
}

void
wandb_record_stats(struct buf *out, int64_t num, int64_t time_us,
    const struct wandb_values *values)
{
	size_t record = begin(out, num, RECORD_STATS), at;

	at = pb_begin(out, 2);
	put_time(out, time_us);
	pb_end(out, at);
	put_items(out, 3, values);
	pb_end(out, record);
}

void
wandb_record_files(
    struct buf *out, int64_t num, const struct wandb_manifest *files)
{
	size_t record = begin(out, num, RECORD_FILES), at, i;

	for (i = 0; i < files->len; i++) {
		at = pb_begin(out, 1);
		put_text(out, 1, files->files[i].name);
		pb_varint(out, 2, POLICY_NOW);
		pb_end(out, at);
	}
	pb_end(out, record);
}

static void
put_manifest(
    struct buf *out, const struct wandb_bundle *bundle, const char *folder)
{
	const struct wandb_manifest *files = &bundle->files;
	size_t manifest = pb_begin(out, 12), at, i;
	const struct wandb_source *source;
	char *path;

	pb_varint(out, 1, 1);
	pb_text(out, 2, "wandb-storage-policy-v1");
	at = pb_begin(out, 3);
	pb_text(out, 1, "storageLayout");
	pb_text(out, 2, "\"V2\"");
	pb_end(out, at);
	for (i = 0; i < files->len; i++) {
		source =
		    wandb_sources_find(&bundle->sources, files->files[i].name);
		path = xasprintf("%s/%s", folder, source->place);
		at = pb_begin(out, 4);
		put_text(out, 1, files->files[i].name);
		pb_text(out, 2, files->files[i].md5);
		pb_varint(out, 4, (uint64_t)files->files[i].size);
		put_text(out, 6, path);
		pb_end(out, at);
		free(path);
	}
	pb_end(out, manifest);
}

void
wandb_record_artifact(struct buf *out, int64_t num, const struct wandb_run *run,
    const struct wandb_bundle *bundle, const char *folder)
{
	size_t record = begin(out, num, RECORD_ARTIFACT);
	char client_id[WANDB_CLIENT_ID_SIZE], digest[WANDB_MD5_HEX];
	struct buf name;

	buf_init(&name, TEXT_MAX);
	wandb_bundle_name(bundle, run, &name);
	wandb_manifest_digest(&bundle->files, digest);
	pb_text(out, 1, run->id);
	put_text(out, 2, run->project);
	put_text(out, 3, run->entity);
	put_text(out, 4, wandb_bundle_type(bundle));
	pb_text(out, 5, name.data);
	pb_text(out, 6, digest);
	pb_text(out, 11, "latest");
	put_manifest(out, bundle, folder);
	pb_varint(out, 14, 1);
	wandb_bundle_version_id(bundle, run, client_id);
	pb_text(out, 15, client_id);
	wandb_bundle_sequence_id(bundle, run, client_id);
	pb_text(out, 16, client_id);
	pb_end(out, record);
	buf_release(&name);
}

void
wandb_record_exit(
    struct buf *out, int64_t num, int exit_code, int64_t runtime_seconds)
{
	size_t record = begin(out, num, RECORD_EXIT);

	pb_varint(out, 1, (uint64_t)exit_code);
	pb_varint(out, 2, (uint64_t)runtime_seconds);
	pb_end(out, record);
}

void
wandb_record_final(struct buf *out, int64_t num)
{
	pb_end(out, begin(out, num, RECORD_FINAL));
}

void
wandb_record_footer(struct buf *out, int64_t num)
{
	pb_end(out, begin(out, num, RECORD_FOOTER));
}
