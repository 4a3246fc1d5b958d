/*
 * Lets libcurl start threads, which find the addresses of servers, where a filter
 * refuses clone3 by EPERM.
 */
#ifndef HTTP_THREADS_H
#define HTTP_THREADS_H

/* Makes such a filter's answer ENOSYS, as of an old kernel: then libc takes
 * clone() instead. By EPERM it takes nothing. Where the filter stays as it is, a
 * request fails and says that a thread can't be started. For the process as a
 * whole, and those that it starts, which can't gain privileges any more. */
void threads_allow(void);

#endif
