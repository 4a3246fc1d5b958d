/*
 * The preload library by a path that the loader takes: it splits its list at
 * blanks and colons and has no way to quote. Where the library's own path has
 * one, a link to it in a private folder stands for it. The link stays, because
 * what the command leaves behind may load it later.
 */
#ifndef LAUNCH_SHIMLINK_H
#define LAUNCH_SHIMLINK_H

#include <limits.h>

/* Puts a path without blank and colon in place of `shim`; does nothing if it
 * has none. Returns 0, or a negative errno if there is no place for a link. */
int shimlink_make(char shim[PATH_MAX]);

#endif
