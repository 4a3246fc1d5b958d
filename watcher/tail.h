/*
 * Reads the whole lines of a growing file, and tells when it was cut short,
 * rewritten or replaced by another. Each call opens and reads the file. With
 * `hold` it stays open between the calls, so that its lines can be read when
 * its name is gone. On a network file system holding it would keep the
 * program from removing its directory.
 *
 *	tail_init(&t); t.hold = ...;
 *	tail_read(&t, dir_fd, "records.jsonl", on_line, data, &err);   ...
 *	tail_release(&t);
 *
 * insideLLMs does these things to the file, and the tail reacts as follows:
 *  - appended to: the new whole lines are taken;
 *  - cut to 0 and written anew in place (--resume cuts a torn tail so): while
 *    it is shorter than what was taken nothing happens (TAIL_SHRUNK), unless its
 *    first line is another; when it has its length back the bytes taken before
 *    are compared by their checksum: if they are the same it goes on, else it is
 *    TAIL_REPLACED;
 *  - another file renamed over it, or removed and made again: the same.
 */
#ifndef WATCHER_TAIL_H
#define WATCHER_TAIL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/lines.h"

/* A longer line is not kept: the reader gets one NUL byte in its place, which
 * no reader takes for a record. */
#define TAIL_LINE_MAX LINES_LINE_MAX
/* How much one call reads, so that the loop goes on turning. */
#define TAIL_BYTES_A_CALL (16 * 1024 * 1024)

enum tail_result {
	TAIL_CAUGHT_UP, /* nothing more for now */
	TAIL_MORE,      /* call again soon */
	TAIL_ABSENT,    /* no such file (now) */
	TAIL_SHRUNK,    /* shorter than what was taken: being written anew? */
	TAIL_REPLACED,  /* the lines that were taken are gone */
};

struct tail {
	int64_t offset; /* bytes taken: whole lines */
	uint32_t crc;   /* CRC-32C of these */
	bool seen;
	bool doubtful; /* bytes before offset must be compared */
	/* The first line by itself; 0: none yet, or too long to be kept. */
	int64_t first_len;
	uint32_t first_crc;
	dev_t device;
	ino_t inode;
	int64_t size;     /* of the file at the last look */
	int64_t mtime_ns; /* likewise */
	struct buf part;  /* read behind offset, no newline yet */
	bool skipping;    /* in a line that is too long */
	bool hold;
	int held;     /* the file; -1: none */
	int not_held; /* why it could not be held: a negative errno */
	/* For a directory that the user named: records_open() finds the file,
	 * and it stays open. */
	bool find;
	int found; /* -1: nothing yet */
};

/* `alone`: the line came by itself, and the reader had caught up before. `end`:
 * the offset behind the line. */
typedef void tail_line(
    const char *line, size_t len, int64_t end, bool alone, void *data);

void tail_init(struct tail *t);
void tail_release(struct tail *t);

/* Returns a tail_result, or a negative errno if the file can't be read (err
 * says why). */
int tail_read(struct tail *t, int dir_fd, const char *name, tail_line *line,
    void *data, struct err *err);

/* The same, however much it is, of what the file has at the begin: a writer that is as
 * fast as we are does not make it longer. TAIL_MORE: it has grown meanwhile. */
int tail_read_all(struct tail *t, int dir_fd, const char *name, tail_line *line,
    void *data, struct err *err);

/* Returns the size of the file that it finds (0: there is none), or a negative
 * errno. */
int64_t tail_size(struct tail *t, int dir_fd, struct err *err);
/* Holds the file, `fd` borrowed, unless one is held already. Returns a negative
 * errno if it could not be opened. */
void tail_hold(struct tail *t, int fd);

/* Called when nobody writes any more. Text behind the last newline of a
 * `finished` run is a line if it is a record; returns how many bytes are
 * none. */
uint64_t tail_end(struct tail *t, bool finished, tail_line *line, void *data);

#endif
