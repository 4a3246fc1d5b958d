/*
 * Reads and writes files carefully: only regular files are opened for reading,
 * and a file that we write appears whole or not at all. All return 0 (or a
 * descriptor) or a negative errno with `err` filled.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"

/* Is a file not there, by this negative errno? */
bool file_is_absent(int code);

/* What file_open_regular() and file_read_all() answered: 0 and the absence of a
 * file are answers, and so is what is no file to read, whoever looks (a link, a
 * device, more than the maximum). Every other error says that it could not be
 * looked at: nothing is known of it. */
bool file_is_unknown(int code);

/* As fstat(), fstatat() and futimens(), past libc: a preloaded library that shifts
 * the clock shifts the times of files, too, and other processes compare them with
 * what they see. */
int file_stat(int fd, struct stat *st);
int file_stat_at(int dirfd, const char *name, struct stat *st, int flags);
int file_set_times(int fd, const struct timespec times[2]);

/* Is `name` there? 1: `st` (may be NULL) gets its status; 0: it is not; or a
 * negative errno: it could not be looked at. `flags`: AT_SYMLINK_NOFOLLOW or
 * 0. */
int file_look(
    int dirfd, const char *name, int flags, struct stat *st, struct err *err);

/* Calls `each` for every name in the directory `path` in `dirfd` (links are
 * followed), but for "." and "..", until it returns other than 0. Returns that;
 * 0 after the last; or a negative errno: not all names could be read. */
int file_each_name(int dirfd, const char *path,
    int (*each)(const char *name, void *data), void *data, struct err *err);

/* Opens `name` in `dirfd` for reading if it is a regular file: follows no
 * symbolic link in the last component, never blocks on a FIFO, does not touch a
 * device. `st` (may be NULL) gets its status. -EINVAL: `name` is no regular
 * file. Returns a descriptor (close-on-exec). */
int file_open_regular(
    int dirfd, const char *name, struct stat *st, struct err *err);

/* As file_open_regular, but follows links. -ENOENT: nothing has that name, not
 * even a link; -ENOLINK: a link to nothing. */
int file_open_through_links(
    int dirfd, const char *name, struct stat *st, struct err *err);

/* Appends the whole content to `out`; -EMSGSIZE beyond the buffer's maximum. */
int file_read_all(
    int dirfd, const char *name, struct buf *out, struct err *err);

/* As file_read_all, but follows links; as file_open_through_links, but -ENOENT
 * also for a link to nothing. */
int file_read_through_links(
    int dirfd, const char *name, struct buf *out, struct err *err);

/* As file_read_all, for a file that may be missing. 1: it was read; 0: it is not
 * there or is no file to read, and nothing was appended; or a negative errno: it
 * could not be looked at. */
int file_read_if_there(
    int dirfd, const char *name, struct buf *out, struct err *err);

/* As file_read_if_there, but follows links. */
int file_read_linked_if_there(
    int dirfd, const char *name, struct buf *out, struct err *err);

/* Reads `len` bytes at this offset, however many calls of pread() that takes, or
 * what there is before the end. Returns how many, or a negative errno. */
ssize_t file_read_at(int fd, void *to, size_t len, off_t at);

/* Moves *at back to the end of the last whole line before it: behind a newline, or
 * to 0. `name` is for the message. */
int file_last_line_end(int fd, const char *name, off_t *at, struct err *err);

/* As file_read_all, but reads on from an open descriptor; `name` is for the
 * message. */
int file_read_rest(int fd, const char *name, struct buf *out, struct err *err);

/* A file without a name, gone with its descriptor: in memory, or where temporary
 * files are if there is no such thing; `on_disk`: the other way round. */
int file_nameless(bool on_disk, struct err *err);

/* Writes every byte, however many calls of write() that takes. */
int file_write_all(int fd, const void *data, size_t len, struct err *err);

/* Makes `path` and its missing parents. An existing directory is fine. */
int file_make_dirs(const char *path, mode_t mode, struct err *err);

/* Puts data at `name` in `dirfd` by a temporary file and rename
 * (base/tempfile.h): readers see the old or the new file. */
int file_replace(int dirfd, const char *name, const void *data, size_t len,
    mode_t mode, struct err *err);

/* Takes flock's lock for writing, for which it waits so long. It ends with the
 * descriptor. -EBUSY: somebody else has it all the time. */
int file_lock(int fd, int wait_ms);

/* Copies at most `len` bytes between the descriptors' positions, by reflink or
 * copy_file_range where the file systems can. Returns the bytes copied or a
 * negative errno; 0 at the end of the source. */
ssize_t file_copy_some(int from, int to, size_t len, struct err *err);

#endif
