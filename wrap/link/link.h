/*
 * What launcher and worker tell each other: packets on a SOCK_SEQPACKET pair,
 * each a struct link_packet cut to its used length. Both ends are the same
 * build on the same machine, so plain structs are a fine format; `version`
 * guards against a worker of another build.
 *
 * The worker gets the launcher's own options and command as arguments, so both
 * parse the same table. Its descriptors are LINK_FD, the link; CHANNEL_FD, the
 * socket to which the shim connects; CALLER_FD, a connection to that socket, if
 * link_launched says so; standard error as it was, and /dev/null for 0 and 1.
 */
#ifndef LAUNCH_LINK_H
#define LAUNCH_LINK_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define LINK_VERSION 9
#define LINK_FD      3
#define CHANNEL_FD   4
#define CALLER_FD    5
/* So many connections can wait on CHANNEL_FD, unless net.core.somaxconn is
 * less; since Linux 5.4 that is 4096, too. */
#define CHANNEL_BACKLOG 4096
/* The longest message of the shim, which the launcher may have read already
 * (wrap/shim/message.h says the same). */
#define LINK_DATA_MAX 4608
/* So many other processes than the command are known to the worker: the last of
 * which the launcher has heard. */
#define LINK_OTHERS_MAX 32
/* Room for an attempt's name, which is a time and a random part. */
#define LINK_ATTEMPT_MAX 64

/* A command that is to be stopped gets SIGINT, and after so long SIGTERM. */
#define LINK_STOP_MS 30000

/* With this as its first argument the worker's program only says where runs will go
 * (wrap/worker/foretell.h). Not by the name that it is started by: an emulator (qemu by
 * binfmt_misc) puts another there. No worker has this argument: itrack-wrap, which
 * hands it its own, refuses it. */
#define LINK_FORETELLER "--(foretell)"

/* Says in the reports of both why a run may not have been seen. */
#define LINK_LOCKED_UP                                                 \
	"a program locked itself up (seccomp) and could not be heard " \
	"(--run-dir names its directory)"

enum link_type {
	LINK_LAUNCHED, /* launcher -> worker, the first packet */
	LINK_MESSAGE,  /* launcher -> worker: a shim message read before */
	LINK_LINE,  /* launcher -> worker: a part of the output's last line */
	LINK_ENDED, /* launcher -> worker: the command is over */
	LINK_HURRY, /* launcher -> worker: end now, keep the rest */
	LINK_STOP,  /* worker -> launcher: stop the command */
	LINK_RECORDED, /* worker -> launcher: which journals there are */
	LINK_DRAINED,  /* worker -> launcher: all said and done */
	LINK_CLOSES,   /* worker -> launcher: the drain is over, that follows */
};

struct link_launched {
	uint32_t version;
	pid_t command;      /* process ID of the command */
	uint32_t restarts;  /* how many workers were before this one */
	pid_t predecessor;  /* the last of these; 0: there was none */
	uint32_t preloaded; /* the shim was put in the environment */
	/* The times just before the launch by CLOCK_REALTIME and by
	 * CLOCK_REALTIME_COARSE, the clock of file times. */
	struct timespec wall, file_clock;
	/* Is CALLER_FD there? It is the first connection, whose process has not
	 * spoken yet or whose message the worker must still receive, with what
	 * came along. */
	uint32_t caller;
	/* Had the file clock just ticked, so that no file from before the
	 * launch can have its time? */
	uint32_t just_ticked;
	/* May messages have been lost before there was a worker? */
	uint32_t crowded;
	/* Processes of the command that the launcher has heard of; 0: none.
	 * Those above them may be gone by now. */
	pid_t others[LINK_OTHERS_MAX];
};

struct link_message {
	pid_t sender;
	uint32_t len;
	unsigned char data[LINK_DATA_MAX];
};

struct link_ended {
	int wait_status;      /* as waitpid gives it */
	uint32_t stopped;     /* signals that it was sent for LINK_STOP */
	uint32_t output_read; /* for --metrics-from-stdout, to its end */
	struct rusage usage;
	struct timespec wall;
	/* When the drain is over, by the kernel's monotonic clock: the time counts
	 * from the command's end for both, however late the worker hears of it. */
	int64_t until_ms;
};

/* How many journals are not delivered yet and can be delivered without this
 * worker. The worker sends it whenever it changes, so that the launcher can say
 * it if the worker can't. */
struct link_recorded {
	uint32_t journals;
	char attempt[LINK_ATTEMPT_MAX]; /* the newest of them */
};

struct link_drained {
	uint32_t complete; /* every tracker got everything */
	uint32_t stays;    /* the worker does, for what goes on */
};

struct link_packet {
	uint32_t type;
	union {
		struct link_launched launched;
		struct link_message message; /* a line's part, too */
		struct link_ended ended;
		struct link_recorded recorded;
		struct link_drained drained;
	};
};

/* Never blocks and never raises SIGPIPE. Returns 0 or a negative errno. */
int link_send(int fd, const struct link_packet *packet);
/* Returns 1: one packet; 0: the other end is gone; or a negative errno
 * (-EAGAIN: nothing is there; -EBADMSG: it was no packet). Never blocks. */
int link_receive(int fd, struct link_packet *packet);

#endif
