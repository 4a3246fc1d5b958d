/*
 * Tells what the user means by a text given as MLflow's tracking URI. A name
 * without a scheme is nearly always a server whose scheme was forgotten; if we
 * took it for a path, the runs would disappear in a directory of that name.
 * Pure; libc only, because the launcher asks before it begins.
 */
#ifndef FORMAT_TRACKINGURI_H
#define FORMAT_TRACKINGURI_H

#include <stdbool.h>
#include <stddef.h>

enum tracking_uri {
	TRACKING_URI_SERVER,   /* http://host, https://host */
	TRACKING_URI_FILE,     /* file:... */
	TRACKING_URI_DATABASE, /* sqlite:... and others: MLflow's, not ours */
	/* Begins with `/`, `.`, `~` alone or `~/`; is `mlruns`; or has no colon
	 * and is the name of a file that is there. */
	TRACKING_URI_PATH,
	TRACKING_URI_UNKNOWN,
};

struct tracking_place {
	enum tracking_uri kind;
	/* Of a PATH, which is the two joined: what stands for the `~`, "./"
	 * before a name, or ""; and the rest of the text, borrowed. */
	const char *before, *path;
};

/* Fills *place. home: the user's directory, borrowed; NULL: not known. there:
 * whether a file of that name exists for whoever gave the text. */
void tracking_uri_read(struct tracking_place *place, const char *uri,
    const char *home, bool there);

/* Writes a message: what is wrong with a URI of a kind that we don't support,
 * and the nearest valid form, without user, password and query. */
void tracking_uri_complain(const char *uri, char *message, size_t size);

/* Room for any such message. */
#define TRACKING_URI_MESSAGE_MAX 400

#endif
