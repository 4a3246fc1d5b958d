/*
 * The file that a message names, as its sender has it: its path may lead
 * elsewhere here, or nowhere any more. place.h tells of its directory.
 *
 *	fd = there_open_file(message->file_fd);
 */
#ifndef WRAP_WORKER_THERE_H
#define WRAP_WORKER_THERE_H

/* For reading, the file that came along as an O_PATH descriptor, which opens
 * nothing by itself; `fd` stays the caller's. 0: none came, or it is no file to
 * read; a negative errno: it could not be opened. */
int there_open_file(int fd);

#endif
