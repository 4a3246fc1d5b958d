/*
 * What the library and the worker that delivers its journal say to each other:
 * packets over a Unix socket pair. The journal itself is the worker's source;
 * these are questions about it and answers.
 *
 * The worker is started as: itrack-worker --deliver STATE-DIR ATTEMPT, with the
 * socket as descriptor LIBRARY_LINK_FD. It leaves the caller at once: the
 * process that was started ends with 0 when its child has taken the journal,
 * else with another status and one LIBRARY_REFUSED packet. With --wake in place
 * of --deliver nobody will ask: an open run is delivered as far as it goes.
 */
#ifndef ITRACK_LIBRARY_LINK_H
#define ITRACK_LIBRARY_LINK_H

#include <stdint.h>

#define LIBRARY_LINK_FD      3
#define LIBRARY_LINK_VERSION 2
#define LIBRARY_WORD_DELIVER "--deliver"
#define LIBRARY_WORD_WAKE    "--wake"

enum library_word {
	LIBRARY_FLUSH = 1, /* to the worker: say when all up to now is there */
	LIBRARY_FLUSHED,   /* its answer, with the question's serial */
	LIBRARY_SETTLED,   /* the run has ended; nothing more will be tried */
	LIBRARY_REFUSED,   /* the worker can't begin: message */
};

#define LIBRARY_MESSAGE_MAX 512

struct library_packet {
	uint32_t version;
	uint32_t word; /* enum library_word */
	uint64_t serial;
	uint64_t pending, rejected;
	char message[LIBRARY_MESSAGE_MAX]; /* why; "" if all is well */
	/* What stands there in another form than it was given, one a line. */
	char altered[LIBRARY_MESSAGE_MAX];
};

#endif
