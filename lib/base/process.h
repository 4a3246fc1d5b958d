/*
 * Processes: who we are, and whether another one still lives.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Start time of a process in clock ticks since boot, from /proc; 0: no such
 * process. With the process ID and the boot ID it names a process for ever. */
int64_t process_start(pid_t pid);

/* The running kernel's boot ID, the host's name, the user's name; "" if not
 * known. Allocated. */
char *process_boot_id(void);
char *process_host(void);
char *process_user(void);
char *process_cwd(void);
/* The name of a user, or his number. Allocated. */
char *process_user_name(uid_t uid);

/* Is the process that these four name alive? One on another host counts as
 * alive: it can't be seen from here. */
bool process_alive(
    const char *host, const char *boot_id, int64_t pid, int64_t start);

/* Has it children, ended ones that wait for it included? No for one that is
 * gone. */
bool process_has_children(pid_t pid);

/* Leaves no core file from here on: the environment holds keys. */
void process_no_core(void);

/* As many descriptors as this process may have at all: a sweep of many runs at
 * once needs some for each. Not for a program that starts others, which may
 * count on the lower limit (select). */
void process_many_descriptors(void);

/* The program's name as the kernel has it, allocated; NULL: no such process. */
char *process_name(pid_t pid);

#endif
