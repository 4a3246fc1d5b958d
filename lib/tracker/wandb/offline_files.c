#include "tracker/wandb/offline_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"

/* In the name of a table that is being written. */
#define TABLE_NAME      "itrack-table"
#define FILES_DIR       "files/"
#define COPY_STEP_BYTES (1 << 20)

void
wandb_offline_files_init(struct wandb_offline_files *c, struct tracker *t,
    struct wandb_run *run, const struct wandb_offline_files_folder *folder)
{
	*c = (struct wandb_offline_files){.t = t,
	    .run = run,
	    .dir = folder->dir,
	    .path = folder->path,
	    .word = folder->word,
	    .host = folder->host,
	    .alone = folder->alone,
	    .hash_fd = -1,
	    .table_file = TEMPFILE_INIT};
	c->timer.data = c;
	wandb_bundles_init(&c->bundles, run);
}

/* wandb makes these itself, from the log. */
static bool
is_reserved(const char *name)
{
	static const char *const names[] = {"config.yaml", "wandb-summary.json",
	    "wandb-metadata.json", "output.log"};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* This name is not to be had there, now or later. */
static bool
is_for_good(int code)
{
	switch (code) {
	case -EEXIST:
	case -EISDIR:
	case -ENOTEMPTY:
	case -ENAMETOOLONG:
		return true;
	default:
		return !file_is_unknown(code);
	}
}

/* Has the file system no second names, or none left for this file? */
static bool
has_no_second_names(int code)
{
	return code == -EPERM || code == -EOPNOTSUPP || code == -ENOSYS ||
	    code == -EXDEV || code == -EMLINK;
}

static int
copy_file(struct wandb_offline_files *c, int to_dir, const char *to,
    int from_dir, const char *from, struct err *err)
{
	struct tempfile f = TEMPFILE_INIT;
	ssize_t n = 1;
	int source = folder_open_file(from_dir, from, O_RDONLY, err);
	int result = source < 0
	    ? source
	    : tempfile_open(&f, to_dir, to, c->word, 0666, err);

	while (result == 0 && n > 0) {
		n = file_copy_some(source, f.fd, COPY_STEP_BYTES, err);
		result = n < 0 ? (int)n : 0;
	}
	if (result == 0)
		result = tempfile_place(&f, to_dir, to, err);
	tempfile_drop(&f);
	if (source >= 0)
		close(source);
	return result;
}

/* A second name for the copy, so that no byte is stored twice; where the file
 * system has none, a second copy. *shown: it is there. */
static int
show_as_run_file(struct wandb_offline_files *c, const char *place,
    const char *name, bool *shown, struct err *err)
{
	char *copy = xasprintf("artifacts/%s", place);
	char *path = xasprintf(FILES_DIR "%s", name);
	const char *from, *to;
	struct err why = ERR_INIT;
	int from_dir, to_dir = -1, result;

	from_dir = result =
	    folder_open_parent(c->dir, copy, false, &from, &why);
	if (from_dir >= 0)
		to_dir = result =
		    folder_open_parent(c->dir, path, true, &to, &why);
	if (to_dir >= 0) {
		result = tempfile_second_name(
		    to_dir, to, c->word, from_dir, from, &why);
		if (has_no_second_names(result))
			result = copy_file(c, to_dir, to, from_dir, from, &why);
		close(to_dir);
	}
	if (from_dir >= 0)
		close(from_dir);
	free(path);
	free(copy);
	*shown = result == 0;
	if (result == 0 || is_for_good(result))
		return 0;
	err_prefix(&why, "%s", name);
	return err_set(err, result, "%s", why.message);
}

static int
open_copy(struct wandb_offline_files *c, const char *place, struct err *err)
{
	char *path = xasprintf("artifacts/%s", place);
	const char *base;
	int dir = folder_open_parent(c->dir, path, false, &base, err);

	c->hash_fd = dir < 0 ? -1 : folder_open_file(dir, base, O_RDONLY, err);
	if (c->hash_fd >= 0)
		wandb_hash_begin(&c->hash, c->hash_fd);
	if (dir >= 0)
		close(dir);
	free(path);
	return c->hash_fd;
}

static enum outcome
list_copy(struct wandb_offline_files *c, const struct entry *e,
    const char *place, struct err *err)
{
	char *name = local_copy_name(e->artifact.name);
	char md5[WANDB_MD5_BASE64];
	bool wanted =
	    c->hash.size <= WANDB_RUN_FILE_MAX_BYTES || c->run->entity == NULL;
	bool run_file = false;
	int result = 0;

	if (wanted && !is_reserved(name))
		result = show_as_run_file(c, place, name, &run_file, err);
	wandb_hash_end(&c->hash, md5);
	close(c->hash_fd);
	c->hash_fd = -1;
	if (result == 0)
		wandb_bundles_add(&c->bundles, e, place, md5, c->hash.size);
	if (result == 0 && run_file)
		wandb_manifest_add(&c->run_files, name, md5, c->hash.size);
	free(name);
	return result < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

/* Where a file's copy is, below artifacts/. Each file that a program logs under one
 * name is a version of its own, and none takes an earlier one's place. */
static char *
place_of(const struct wandb_offline_files *c, const struct entry *e)
{
	char *name = local_copy_name(e->artifact.name), *place;

	if (!wandb_bundles_are_calls(&c->bundles) ||
	    !wandb_bundles_have_place(&c->bundles, name))
		return name;
	place = xasprintf("%jd/%s", (intmax_t)e->time_us, name);
	free(name);
	return place;
}

/* One step of the file that is on its way: copied, then read for its digest. */
static enum outcome
step(struct wandb_offline_files *c, const struct entry *e, struct err *err)
{
	char *place = place_of(c, e);
	enum outcome outcome = OUTCOME_DONE;
	int more = 0;

	if (c->hash_fd < 0) {
		outcome = c->copy.artifact == NULL
		    ? local_copy_begin(&c->copy, &e->artifact,
			  &(struct local_copy_way){c->dir, c->word, c->host,
			      true, tracker_write_down(c->t), c->alone, place},
			  err)
		    : local_copy_step(&c->copy, err);
		if (outcome == OUTCOME_DONE)
			outcome = open_copy(c, place, err) < 0
			    ? OUTCOME_BLOCKED
			    : OUTCOME_PENDING;
	} else {
		more = wandb_hash_step(&c->hash, err);
		if (more == 0)
			outcome = list_copy(c, e, place, err);
		else
			outcome = more < 0 ? OUTCOME_BLOCKED : OUTCOME_PENDING;
	}
	free(place);
	return outcome;
}

/* Under its name when it is whole. */
static enum outcome
place_table(struct wandb_offline_files *c, struct err *err)
{
	char *path = xasprintf(FILES_DIR "%s", c->table.name);
	const char *base;
	int dir = folder_open_parent(c->dir, path, true, &base, err);
	int result = dir;

	if (dir >= 0) {
		result = tempfile_place(&c->table_file, dir, base, err);
		close(dir);
	}
	if (result < 0) {
		err_prefix(err, "%s/%s", c->path, path);
	} else {
		wandb_manifest_add(
		    &c->run_files, c->table.name, "", c->table.size);
		wandb_table_show(&c->table, &c->run->tables);
	}
	free(path);
	return result < 0 ? OUTCOME_BLOCKED : OUTCOME_DONE;
}

static void
end_table(struct wandb_offline_files *c)
{
	tempfile_drop(&c->table_file);
	wandb_table_release(&c->table);
}

int
wandb_offline_files_open_table(struct wandb_offline_files *c,
    const struct entry_table *entry, struct err *err)
{
	int result = tempfile_open(
	    &c->table_file, c->dir, TABLE_NAME, c->word, 0666, err);

	if (result < 0)
		return err_prefix(err, "in %s", c->path);
	wandb_table_open(&c->table, entry, c->table_file.fd);
	return 0;
}

int
wandb_offline_files_place_table(struct wandb_offline_files *c, struct err *err)
{
	int result = wandb_table_close(&c->table, err);

	if (result == 0 && place_table(c, err) != OUTCOME_DONE)
		result = err->code;
	wandb_table_say(&c->table, c->t);
	end_table(c);
	return result;
}

enum outcome
wandb_offline_files_pieces(struct wandb_offline_files *c,
    struct wandb_pieces *pieces, bool last, struct err *err)
{
	while (wandb_pieces_is_due(pieces, last)) {
		if (wandb_offline_files_open_table(
			c, wandb_pieces_name(pieces), err) < 0)
			return OUTCOME_BLOCKED;
		wandb_pieces_write(pieces, &c->table);
		if (wandb_offline_files_place_table(c, err) < 0)
			return OUTCOME_BLOCKED;
		wandb_pieces_sent(pieces);
	}
	return OUTCOME_DONE;
}

static enum outcome
step_table(
    struct wandb_offline_files *c, const struct entry *e, struct err *err)
{
	enum outcome outcome = OUTCOME_PENDING;
	int more = 1;

	if (c->table_file.fd < 0) {
		if (tempfile_open(&c->table_file, c->dir, TABLE_NAME, c->word,
			0666, err) < 0) {
			err_prefix(err, "in %s", c->path);
			return OUTCOME_BLOCKED;
		}
		more = wandb_table_begin(
		    &c->table, &e->table, c->table_file.fd, err);
		if (more < 0)
			outcome = wandb_table_outcome(more);
	} else {
		more = wandb_table_step(&c->table, err);
		if (more < 0)
			outcome = wandb_table_outcome(more);
		else if (more == 0)
			outcome = place_table(c, err);
		if (more == 0)
			wandb_table_say(&c->table, c->t);
	}
	if (outcome != OUTCOME_PENDING)
		end_table(c);
	return outcome;
}

static void
on_timer(struct loop_timer *timer)
{
	struct wandb_offline_files *c = timer->data;
	struct batch *batch = c->batch;
	struct err err = ERR_INIT;
	enum outcome outcome = OUTCOME_DONE;

	if (c->at < batch->count &&
	    batch->entries[c->at].kind != ENTRY_REGISTER) {
		outcome = batch->entries[c->at].kind == ENTRY_TABLE
		    ? step_table(c, &batch->entries[c->at], &err)
		    : step(c, &batch->entries[c->at], &err);
		tracker_progress(c->t);
	}
	if (outcome == OUTCOME_DONE)
		c->at++;
	if (outcome == OUTCOME_PENDING || c->at < batch->count) {
		if (outcome == OUTCOME_DONE || outcome == OUTCOME_PENDING) {
			loop_timer_set(c->t->loop, &c->timer, 0);
			return;
		}
		batch->done = c->at;
	}
	c->batch = NULL;
	tracker_done(c->t, CALL_SEND_FILES, outcome, 0, &err);
}

void
wandb_offline_files_send(struct wandb_offline_files *c, struct batch *batch)
{
	c->batch = batch;
	c->at = 0;
	c->timer.fire = on_timer;
	loop_timer_set(c->t->loop, &c->timer, 0);
}

void
wandb_offline_files_release(struct wandb_offline_files *c)
{
	if (c->t == NULL)
		return;
	loop_timer_cancel(c->t->loop, &c->timer);
	local_copy_cancel(&c->copy);
	if (c->hash_fd >= 0)
		close(c->hash_fd);
	end_table(c);
	wandb_bundles_release(&c->bundles);
	wandb_manifest_release(&c->run_files);
	*c = (struct wandb_offline_files){0};
}
