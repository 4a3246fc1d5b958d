/*
 * The journal of one attempt: a directory <state>/runs/<attempt>/ (mode 0700)
 * with journal.jsonl, one entry a line, append only, and one
 * cursor.<tracker> for each tracker.
 *
 * Owner:   journal_create() or journal_adopt(); then journal_append() as
 *          entries come, journal_flush() once a loop turn (one write), and
 *          journal_sync() at least every second; journal_close().
 * Readers: journal_reader_open() on the same journal, journal_read() until 0.
 *          They see what was flushed, never more.
 *
 * Followers: journal_follow() while the owner, another process, goes on
 *          writing; they read, keep the cursors and deliver.
 *
 * The owner holds a lock (flock on journal.jsonl) that dies with it, a follower
 * one on follower.lock. A torn
 * last line, left by a kill or a full disk, is cut off on adoption and ignored
 * by readers.
 *
 * Without a writable state directory the journal lives in memory (memfd): the
 * same calls, nothing survives the process (journal_in_memory()).
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "journal/entry.h"

struct journal;

/* "20261123T130842Z-4f8a1c0d9e2b": sorts by time, unique. */
#define ATTEMPT_SIZE 32
void journal_new_attempt(char attempt[ATTEMPT_SIZE], int64_t wall_us);

/* $XDG_STATE_HOME/itrack, else $HOME/.local/state/itrack; NULL if neither is
 * an absolute path. The caller frees. */
char *journal_state_dir(void);

/* A new, empty journal, locked. state_dir NULL or not writable: in memory, with
 * the reason in *why (may be NULL). Never fails otherwise. */
struct journal *journal_create(
    const char *state_dir, const char *attempt, struct err *why);

/* Takes over an existing one for appending. -EBUSY: its owner lives; -ENOENT:
 * no such attempt; -EPERM, -EINVAL: not ours (journal/state.h);
 * -EPROTONOSUPPORT: another format version. */
int journal_adopt(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err);

/* Goes on with one that several processes write in turn: waits up to `wait_ms`
 * for the one before us. A follower may be reading it. *last_step: of its last
 * metrics, -1: none. -EBUSY: it took too long; -EALREADY: its run has ended. */
int journal_continue(const char *state_dir, const char *attempt, int wait_ms,
    struct journal **journal, int64_t *last_step, struct err *err);

/* Reads and delivers a journal that another process is writing: no
 * journal_append() until journal_end_following(). Two never follow at once, and
 * who follows keeps journal_adopt() away after the owner's death. -EBUSY:
 * somebody follows it. */
int journal_follow(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err);
/* The same, behind those that follow it now, up to `wait_ms`. `skip`: one that
 * waits already is enough, -EALREADY: it will see all that is there now. */
int journal_follow_in_turn(const char *state_dir, const char *attempt,
    bool skip, int wait_ms, struct journal **journal, struct err *err);
/* Takes up what the owner has written since: more for readers. */
void journal_refresh(struct journal *j);
/* The owner is dead: what it left torn is cut off, from here on we append. */
int journal_end_following(struct journal *j, struct err *err);
/* For inotify: the file that the owner writes. Allocated. */
char *journal_file(const struct journal *j);
/* A file beside the journal that goes with it; replaced if it is there. */
int journal_put_file(struct journal *j, const char *name, const void *data,
    size_t len, struct err *err);
/* Files that journal_put_file() made have names that begin so. */
#define JOURNAL_KEPT_PREFIX "kept."
/* The same with the bytes of an open file, by reflink or copy; its position
 * moves. *bytes: how many these were. -ENOTSUP: the journal is in memory. */
int journal_keep_file(struct journal *j, const char *name, int from,
    int64_t *bytes, struct err *err);
/* The absolute path of such a file, allocated; NULL if the name is not one of
 * ours or the journal has no directory. */
char *journal_kept_path(const struct journal *j, const char *name);

void journal_close(struct journal *j);

const char *journal_attempt(const struct journal *j);
/* Nothing of it is on the disk: what is not delivered is lost. */
bool journal_in_memory(const struct journal *j);
/* The disk has its beginning alone (journal_leave_disk). */
bool journal_is_cut(const struct journal *j);

/* Keeps the encoded entry for the next flush; what is held is flushed here,
 * too, when it comes to JOURNAL_WRITE_BYTES. */
#define JOURNAL_WRITE_BYTES (256 * 1024)
int journal_append(struct journal *j, const struct entry *e, struct err *err);

/* Writes what was appended, with one write(). After a short write or an error
 * (full disk) the file is cut back to its last whole line, the entries behind it
 * are kept in memory and the next flush tries again. Beyond JOURNAL_HELD_MAX held bytes
 * the journal leaves the disk. */
#define JOURNAL_HELD_MAX (4 * 1024 * 1024)
int journal_flush(struct journal *j, struct err *err);

/* The disk has refused for long enough: the journal goes on in memory, so that
 * this process can deliver all of it. What is on disk stays for `itrack sync`,
 * which reads the rest from the records again. */
void journal_leave_disk(struct journal *j);

/* fdatasync of what was flushed since the last one. */
int journal_sync(struct journal *j, struct err *err);
bool journal_needs_sync(const struct journal *j);

/* Bytes that readers may read. */
int64_t journal_size(const struct journal *j);

/* Deletes the journal with all that belongs to it (journal/state.h): every
 * tracker has everything. */
int journal_remove(struct journal *j, struct err *err);
/* It is gone: a cursor is of no use any more. */
bool journal_is_removed(const struct journal *j);
/* A journal that is empty and younger than this is its maker's alone. */
#define JOURNAL_NEWBORN_S 60
/* Deletes what is left of one that never came to a first entry, if it is no
 * newborn and nobody has its lock. */
int journal_discard(
    const char *state_dir, const char *attempt, struct err *err);

/* --- reading --------------------------------------------------------- */

struct journal_reader {
	int fd;
	int64_t offset;   /* of the next entry */
	struct buf chunk; /* read ahead, private */
	int64_t chunk_at;
	int64_t line_at; /* the line that was found last, private */
	size_t line_len;
	const struct journal *journal; /* its owner here; NULL: read alone */
};

/* Reading beside the owner in this process. */
void journal_reader_init(struct journal_reader *r, const struct journal *j);
/* Reading an attempt that need not be ours. */
int journal_reader_open(struct journal_reader *r, const char *state_dir,
    const char *attempt, struct err *err);
void journal_reader_release(struct journal_reader *r);

/* The entry at r->offset, which moves behind it; the caller releases it. 1: one
 * entry; 0: nothing whole there (yet); negative errno. */
int journal_read(struct journal_reader *r, struct entry *e, struct err *err);
/* Its kind alone, for a reader that passes over most of them: nothing else of
 * the line is looked at. The reader stays where it is. */
int journal_peek(
    struct journal_reader *r, enum entry_kind *kind, struct err *err);
/* Moves behind it. */
int journal_skip(struct journal_reader *r, struct err *err);

/* --- cursors --------------------------------------------------------- */

/* The two lanes of delivery: each tracker has its own place in both. */
enum lane { LANE_METRICS, LANE_FILES };
#define LANE_COUNT 2
/* Which lane an entry travels in: artifacts, tables, and models to register,
 * which are files before, are FILES. */
enum lane entry_kind_lane(enum entry_kind kind);

/* How far a tracker has taken the journal, and what it needs to go on. */
struct cursor {
	int64_t offset[LANE_COUNT];   /* of the first entry not yet confirmed */
	uint64_t delivered, rejected; /* entries, over both lanes */
	bool opened;                  /* the run exists there */
	bool finished; /* the end was confirmed: nothing is left */
	char *place;   /* where to look: path, URL, command; NULL: none yet */
	struct pair *state; /* the tracker's own, e.g. run_id */
	size_t state_len;
};

/* In the state: the destination of a run that a later process was told to send
 * elsewhere than its start says. */
#define CURSOR_DESTINATION "destination"

void cursor_release(struct cursor *c);
const char *cursor_get(const struct cursor *c, const char *name);
void cursor_set(struct cursor *c, const char *name, const char *text);

/* A missing cursor is one at the start. 1: so is one that is torn, of another
 * version or behind the journal's end; `err` says what it was. A negative errno:
 * it could not be looked at. */
int cursor_load(const struct journal *j, const char *tracker, struct cursor *c,
    struct err *err);
/* Temp file and rename. In memory, or removed: kept nowhere, 0. */
int cursor_save(const struct journal *j, const char *tracker,
    const struct cursor *c, struct err *err);
/* For readers that do not own the journal (status). */
int cursor_read(const char *state_dir, const char *attempt, const char *tracker,
    struct cursor *c, struct err *err);

#endif
