/*
 * Tells what the user means by a text given as MLflow's tracking URI. A name
 * without a scheme is nearly always a server whose scheme was forgotten; if we
 * took it for a path, the runs would disappear in a directory of that name.
 * Pure; libc only, because the launcher asks before it begins.
 */
#ifndef FORMAT_TRACKINGURI_H
#define FORMAT_TRACKINGURI_H

#include <stddef.h>

enum tracking_uri {
	TRACKING_URI_SERVER,   /* http://host, https://host */
	TRACKING_URI_FILE,     /* file:... */
	TRACKING_URI_DATABASE, /* sqlite:... and others: MLflow's, not ours */
	/* Begins with `/`, `.`, `~` alone or `~/`; or is `mlruns`. */
	TRACKING_URI_PATH,
	TRACKING_URI_NAME, /* no colon: a path if it exists, else nothing */
	TRACKING_URI_UNKNOWN,
};

enum tracking_uri tracking_uri_kind(const char *uri);

/* Writes a message: what is wrong with a URI of a kind that we don't support,
 * and the nearest valid form, without user, password and query. */
void tracking_uri_complain(const char *uri, char *message, size_t size);

/* Room for any such message. */
#define TRACKING_URI_MESSAGE_MAX 400

#endif
