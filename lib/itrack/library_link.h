/*
 * What the library and the worker that delivers its journal say to each other:
 * packets over a Unix socket pair. The worker reads the entries from the
 * journal itself; the packets are questions about it and answers.
 *
 * The worker is started as: itrack-worker --deliver STATE-DIR ATTEMPT, with the
 * socket as descriptor LIBRARY_LINK_FD. It leaves the caller at once: the
 * process that was started ends with 0 when its child has taken the journal,
 * else with another status and one LIBRARY_REFUSED packet. --begin says that the
 * run has just begun, so that no worker has had it before. With --wake in place
 * of --deliver nobody asks anything: the worker delivers an open run as far as
 * it has been written.
 */
#ifndef ITRACK_LIBRARY_LINK_H
#define ITRACK_LIBRARY_LINK_H

#include <stdint.h>

#define LIBRARY_LINK_FD      3
#define LIBRARY_LINK_VERSION 4
#define LIBRARY_WORD_BEGIN   "--begin"
#define LIBRARY_WORD_DELIVER "--deliver"
#define LIBRARY_WORD_WAKE    "--wake"

enum library_word {
	LIBRARY_FLUSH = 1, /* to the worker: answer when all is delivered */
	LIBRARY_OPENED,    /* to the worker: answer when the run is open */
	LIBRARY_FLUSHED, /* the answer to either, with the question's serial */
	LIBRARY_SETTLED, /* the run has ended; nothing more will be tried */
	LIBRARY_REFUSED, /* the worker can't begin: message */
};

#define LIBRARY_MESSAGE_MAX 512
#define LIBRARY_ID_MAX      128
/* Some hundred lines; a packet of this size fits into every socket. */
#define LIBRARY_LINES_MAX 32768

struct library_packet {
	uint32_t version;
	uint32_t word; /* enum library_word */
	uint64_t serial;
	uint64_t pending, rejected;
	char message[LIBRARY_MESSAGE_MAX]; /* why; "" if all is well */
	/* What the destination calls the run; "" if that is not known. */
	char its_id[LIBRARY_ID_MAX];
	/* Names and values that the destination stores in another form, one a
	 * line. */
	char altered[LIBRARY_MESSAGE_MAX];
	/* What the destination refused for good, one a line. */
	char refused[LIBRARY_LINES_MAX];
};

#endif
