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
 * The owner holds a lock (flock on journal.jsonl) that dies with it, and a
 * follower holds one on follower.lock. A kill or a full disk may leave a torn
 * last line: readers ignore it, and adoption cuts it off.
 *
 * Without a writable state directory the journal lives in memory (memfd): the
 * calls are the same, but nothing survives the process (journal_in_memory()).
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

/* Makes a new, empty journal and locks it. If state_dir is NULL or not
 * writable, the journal is made in memory, and *why (may be NULL) says the
 * reason. It never fails. */
struct journal *journal_create(
    const char *state_dir, const char *attempt, struct err *why);

/* Takes over an existing journal for appending. -EBUSY: its owner lives;
 * -ENOENT: no such attempt; -EPERM, -EINVAL: not ours (journal/state_dir.h);
 * -EPROTONOSUPPORT: another format version. */
int journal_adopt(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err);

/* Goes on with a journal that several processes write in turn: waits up to
 * `wait_ms` for the process before us. A follower may be reading the journal.
 * *last_step gets the step of its last metrics, or -1. -EBUSY: the process
 * before us took too long; -EALREADY: the run has ended. */
int journal_continue(const char *state_dir, const char *attempt, int wait_ms,
    struct journal **journal, int64_t *last_step, struct err *err);

/* Reads and delivers a journal that another process is writing: no
 * journal_append() until journal_end_following(). Two never follow at once, and
 * who follows keeps journal_adopt() away after the owner's death. -EBUSY:
 * somebody follows it. */
int journal_follow(const char *state_dir, const char *attempt,
    struct journal **journal, struct err *err);
/* The same, but waits up to `wait_ms` for those that follow the journal now.
 * With `skip` it fails with -EALREADY if another process waits already, because
 * that one will see all that is there now. */
int journal_follow_in_turn(const char *state_dir, const char *attempt,
    bool skip, int wait_ms, struct journal **journal, struct err *err);
/* Lets readers see what the owner has written since the last look. */
void journal_refresh(struct journal *j);
/* Called when the owner is dead: cuts off a torn last line. From here on we
 * append. */
int journal_end_following(struct journal *j, struct err *err);
/* The path of the file that the owner writes, for inotify. Allocated. */
char *journal_file(const struct journal *j);
/* Writes a file beside the journal, or replaces it; it is deleted with the
 * journal. Its bytes are on the disk when this returns, its name is when the next
 * journal_sync() has. */
int journal_put_file(struct journal *j, const char *name, const void *data,
    size_t len, struct err *err);
/* Files that journal_put_file() made have names that begin so. */
#define JOURNAL_KEPT_PREFIX "kept."
/* The same with the bytes of an open file, by reflink or copy; the file's
 * position moves. *bytes gets their number. -ENOTSUP: the journal is in
 * memory. */
int journal_keep_file(struct journal *j, const char *name, int from,
    int64_t *bytes, struct err *err);
/* The absolute path of such a file, allocated; NULL if the name is not one of
 * ours or the journal has no directory. */
char *journal_kept_path(const struct journal *j, const char *name);

void journal_close(struct journal *j);

const char *journal_attempt(const struct journal *j);
/* Is nothing of it on the disk, so that what is not delivered is lost? */
bool journal_in_memory(const struct journal *j);
/* Does the disk have only its beginning (journal_leave_disk)? */
bool journal_is_cut(const struct journal *j);

/* Keeps the encoded entry for the next flush. When JOURNAL_WRITE_BYTES are
 * held, they are flushed at once. */
#define JOURNAL_WRITE_BYTES (256 * 1024)
int journal_append(struct journal *j, const struct entry *e, struct err *err);

/* Writes what was appended, with one write(). After a short write or an error
 * (full disk) the file is cut back to its last whole line, the entries behind
 * it are kept in memory, and the next flush tries again. When more than
 * JOURNAL_HELD_MAX bytes are held, the journal leaves the disk. */
#define JOURNAL_HELD_MAX (4 * 1024 * 1024)
int journal_flush(struct journal *j, struct err *err);

/* Called when the disk has refused for long enough: the journal goes on in
 * memory, so that this process can deliver all of it. What is on disk stays for
 * `itrack sync`, which reads the rest from the records again. */
void journal_leave_disk(struct journal *j);

/* Brings to the disk what was flushed and the names of the files beside it, if
 * anything was flushed since this last succeeded. After an error the next call
 * tries again. */
int journal_sync(struct journal *j, struct err *err);
bool journal_needs_sync(const struct journal *j);

/* For who has many journals at once: files are kept without a sync each from now
 * on, and no entry that may name one is written before journals_sync(), which
 * brings all of them to the disk together: what was kept, then the entries. A
 * flush without it syncs what was kept itself. */
void journal_gather(struct journal *j);
void journals_sync(struct journal *const *list, size_t len);
/* Bytes that readers may read. */
int64_t journal_size(const struct journal *j);

/* Deletes the journal with all that belongs to it (journal/state_dir.h), when every
 * tracker has everything. */
int journal_remove(struct journal *j, struct err *err);
/* Is it gone, so that a cursor is of no use any more? */
bool journal_is_removed(const struct journal *j);
/* A journal that is empty and younger than this is its maker's alone. */
#define JOURNAL_NEWBORN_S 60
/* Deletes what is left of a journal that never got a first entry, if it is no
 * newborn and nobody holds its lock. */
int journal_discard(
    const char *state_dir, const char *attempt, struct err *err);
/* Would journal_discard() delete the attempt, folder and all? */
bool journal_may_discard(const char *state_dir, const char *attempt);

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

/* Begins to read a journal that this process owns or follows. */
void journal_reader_init(struct journal_reader *r, const struct journal *j);
/* Begins to read the journal of an attempt that need not be ours. */
int journal_reader_open(struct journal_reader *r, const char *state_dir,
    const char *attempt, struct err *err);
void journal_reader_release(struct journal_reader *r);

/* The entry at r->offset, which moves behind it; the caller releases it. 1: one
 * entry; 0: nothing whole there (yet); negative errno. */
int journal_read(struct journal_reader *r, struct entry *e, struct err *err);
/* Reads only the kind of the entry at r->offset, and nothing else of its line,
 * for a reader that skips most entries. The reader stays where it is. */
int journal_peek(
    struct journal_reader *r, enum entry_kind *kind, struct err *err);
/* Moves the reader behind the entry at r->offset. */
int journal_skip(struct journal_reader *r, struct err *err);

/* --- cursors --------------------------------------------------------- */

/* The lanes of delivery: each tracker has its own place in all of them. */
enum lane { LANE_METRICS, LANE_FILES, LANE_RECORDS };
#define LANE_COUNT 3
/* Which lane an entry travels in. Artifacts and tables are FILES, and so are
 * models to register, because their files must be there before. RECORDS come
 * behind both. */
enum lane entry_kind_lane(enum entry_kind kind);

/* How far a tracker has taken the journal, and what it needs to go on. */
struct cursor {
	int64_t offset[LANE_COUNT];   /* of the first entry not yet confirmed */
	uint64_t delivered, rejected; /* entries, over all lanes */
	bool opened;                  /* the run exists there */
	bool finished; /* the end was confirmed: nothing is left */
	char *place;   /* where to look: path, URL, command; NULL: none yet */
	char *why;     /* why the last process delivered no more; NULL: it did
		        * not say */
	struct pair *state; /* the tracker's own, e.g. run_id */
	size_t state_len;
};

/* The name, in the state, under which the destination stands if a later process
 * was told to send the run elsewhere than its start entry says. */
#define CURSOR_DESTINATION "destination"

void cursor_release(struct cursor *c);
const char *cursor_get(const struct cursor *c, const char *name);
void cursor_set(struct cursor *c, const char *name, const char *text);

/* Reads a tracker's cursor; a missing one stands at the journal's start. 1: the
 * cursor is torn, of another version or behind the journal's end, so it was put
 * to the start; `err` says what was wrong. A negative errno: it could not be
 * read. */
int cursor_load(const struct journal *j, const char *tracker, struct cursor *c,
    struct err *err);
/* Replaces the file by rename. Does nothing, and returns 0, if the journal is
 * in memory or removed. */
int cursor_save(const struct journal *j, const char *tracker,
    const struct cursor *c, struct err *err);
/* For readers that do not own the journal (status). */
int cursor_read(const char *state_dir, const char *attempt, const char *tracker,
    struct cursor *c, struct err *err);

#endif
