/*
 * What a text given as MLflow's tracking URI is. A name without a scheme is
 * nearly always a server whose scheme was forgotten; taken for a path it would
 * make a directory of that name and swallow the runs. Pure; libc only, because
 * the launcher asks before it begins.
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
	TRACKING_URI_NAME, /* no colon: a path if it is there, else nothing */
	TRACKING_URI_UNKNOWN,
};

enum tracking_uri tracking_uri_kind(const char *uri);

/* What is wrong with a URI that is none of ours, and the nearest valid form;
 * user, password and query are left out. */
void tracking_uri_complain(const char *uri, char *message, size_t size);

/* Room for any such message. */
#define TRACKING_URI_MESSAGE_MAX 400

#endif
