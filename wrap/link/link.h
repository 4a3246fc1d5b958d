/*
 * What launcher and worker tell each other: packets on a SOCK_SEQPACKET pair,
 * each a struct link_packet cut to its used length. Both ends are the same
 * build on the same machine, so plain structs are a fine format; `version`
 * guards against a worker of another build.
 *
 * The worker is executed with the launcher's own options and command as
 * arguments (so both parse the same table), LINK_FD the link, CHANNEL_FD the
 * socket that the shim connects to, CALLER_FD a connection to it (if
 * link_launched says so), standard error as it was, 0 and 1 on /dev/null.
 */
#ifndef LAUNCH_LINK_H
#define LAUNCH_LINK_H

#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#define LINK_VERSION 5
#define LINK_FD      3
#define CHANNEL_FD   4
#define CALLER_FD    5
/* So many connections wait on CHANNEL_FD, if net.core.somaxconn is not less:
 * that is what it is since Linux 5.4. */
#define CHANNEL_BACKLOG 4096
/* A message of the shim that the launcher has read already: at most so long
 * (wrap/shim/message.h says the same). */
#define LINK_DATA_MAX 4608
/* Other processes than the command that the launcher has heard of: the last
 * ones. */
#define LINK_OTHERS_MAX 32
/* An attempt's name, a time and a random part, is shorter. */
#define LINK_ATTEMPT_MAX 64

/* Why a run may not have been seen: both reports say it. */
#define LINK_LOCKED_UP                                                 \
	"a program locked itself up (seccomp) and could not be heard " \
	"(--run-dir names its directory)"

enum link_type {
	LINK_LAUNCHED, /* launcher -> worker, the first packet */
	LINK_MESSAGE,  /* launcher -> worker: a shim message read before */
	LINK_LINE,  /* launcher -> worker: a part of the output's last line */
	LINK_ENDED, /* launcher -> worker: the command is over */
	LINK_HURRY, /* launcher -> worker: end now, keep the rest */
	LINK_RECORDED, /* worker -> launcher: which journals there are */
	LINK_DRAINED,  /* worker -> launcher: all said and done */
};

struct link_launched {
	uint32_t version;
	pid_t command;      /* process ID of the command */
	uint32_t restarts;  /* how many workers were before this one */
	uint32_t preloaded; /* the shim was put in the environment */
	/* CLOCK_REALTIME, and CLOCK_REALTIME_COARSE (the clock of file times),
	 * both just before the launch. */
	struct timespec wall, file_clock;
	/* CALLER_FD is there: who connected before all others and has not
	 * spoken yet, or whose message is still to be received, with what came
	 * along. */
	uint32_t caller;
	/* The file clock had just ticked: no file that was there before the
	 * launch has its time. */
	uint32_t just_ticked;
	/* Messages may have been lost before there was a worker. */
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
	int wait_status; /* as waitpid gives it */
	struct rusage usage;
	struct timespec wall;
};

/* What is not delivered yet and can be without this worker: the launcher says
 * so if the worker can't. Sent whenever it changes. */
struct link_recorded {
	uint32_t journals;
	char attempt[LINK_ATTEMPT_MAX]; /* the newest of them */
};

struct link_drained {
	uint32_t complete; /* every tracker got everything */
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

/* Never blocks, never raises SIGPIPE. 0 or a negative errno. */
int link_send(int fd, const struct link_packet *packet);
/* 1: one packet; 0: the other end is gone; negative errno (-EAGAIN: nothing
 * there, -EBADMSG: not a packet). Never blocks. */
int link_receive(int fd, struct link_packet *packet);

#endif
