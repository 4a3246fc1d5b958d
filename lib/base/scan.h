/*
 * The names in an open directory, sorted: as scandirat(), which glibc alone has.
 */
#ifndef BASE_SCAN_H
#define BASE_SCAN_H

#include <dirent.h>

/* Makes a list of the entries that `wanted` takes, in the order of `order`. The caller
 * frees each entry, and the list. Returns how many, or -1 with errno. */
int scan_folder(int dirfd, struct dirent ***list,
    int (*wanted)(const struct dirent *entry),
    int (*order)(const struct dirent **a, const struct dirent **b));

#endif
