/*
 * Makes the environments of the command (with the shim and its socket) and
 * of the worker (without). The arrays are allocated once and never freed;
 * strings that stay as they are are shared with `environ`.
 */
#ifndef LAUNCH_ENVIRONMENTS_H
#define LAUNCH_ENVIRONMENTS_H

/* `shim`: path of the preload library, appended to LD_PRELOAD, or NULL: leave
 * it alone. `socket`: name of the socket, without the leading NUL. NULL when
 * there is no memory. */
char **environments_for_command(const char *shim, const char *socket);

/* What base/environment.h keeps of it, without the socket (of an itrack-wrap around
 * this one): the worker's own files must not be taken for a run. */
char **environments_for_worker(void);

#endif
