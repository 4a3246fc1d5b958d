/*
 * The file that this code runs from: a program, or libitrack.so.
 */
#ifndef ITRACK_OWN_FILE_H
#define ITRACK_OWN_FILE_H

/* Its absolute path, without links, allocated; NULL: not known. Never made from
 * argv[0], a relative path or the working directory. A file that was replaced
 * since, as by an upgrade, has the path that it had. */
char *own_file(void);

#endif
