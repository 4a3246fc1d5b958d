/*
 * Tells who we are, and whether another process still lives.
 */
#ifndef BASE_PROCESS_H
#define BASE_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The start time of a process in clock ticks since boot, from /proc; 0: there
 * is no such process, or nobody could look. Together with the process ID and the
 * boot ID it identifies a process for ever. */
int64_t process_start(pid_t pid);
/* Has the process ended that had this ID and this start time (0: not known)? False
 * where nobody could look: it may live. */
bool process_is_gone(pid_t pid, int64_t start);

/* The running kernel's boot ID, the host's name, the user's name; "" if not
 * known. Allocated. */
char *process_boot_id(void);
char *process_host(void);
char *process_user(void);
char *process_cwd(void);
/* The name of a user, or his number. Allocated. */
char *process_user_name(uid_t uid);

/* Is the process alive that these four values identify? True where nobody could
 * look, and of a process on another host, which can't be seen from here. */
bool process_may_be_alive(
    const char *host, const char *boot_id, int64_t pid, int64_t start);

/* Has the process children? Children that ended and were not waited for count.
 * False also if the process itself is gone. */
bool process_has_children(pid_t pid);

/* Waits for the end of a child, for so long. Returns its ID, as waitpid() does, 0: it
 * has not ended (one that was killed and hangs in the kernel takes its time), or a
 * negative errno. `status` may be NULL. */
pid_t process_wait(pid_t pid, int *status, int64_t limit_ms);

/* Keeps this process from leaving a core file: its environment holds keys. */
void process_no_core(void);

/* Raises this process's limit of open descriptors as far as it may: a sweep of
 * many runs at once needs some for each. A program that starts others must not
 * call it, because they may rely on the lower limit (select). */
void process_many_descriptors(void);

/* The program's name as the kernel has it, allocated; NULL: no such process. */
char *process_name(pid_t pid);

#endif
