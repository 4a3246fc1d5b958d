/*
 * What a message names, as its sender has it: a path may lead elsewhere here, in
 * another mount namespace or below another root, or nowhere any more.
 *
 *	fd = there_open_file(message->file_fd);
 *	dir_fd = there_open_dir(message->sender, "/runs/a");
 */
#ifndef WRAP_WORKER_THERE_H
#define WRAP_WORKER_THERE_H

#include <sys/types.h>

/* For reading, the file that came along as an O_PATH descriptor, which opens
 * nothing by itself; `fd` stays the caller's. 0: none came, or it is no file to
 * read; a negative errno: it could not be opened. */
int there_open_file(int fd);

/* The directory by the sender's own root, as an O_PATH descriptor. 0: that root
 * is ours, or nobody may tell, or no such directory is there; a negative errno:
 * it could not be looked at. */
int there_open_dir(pid_t sender, const char *dir);

#endif
