/*
 * Takes URIs apart as the user wrote them, and removes their secrets. Pure,
 * without allocation, libc only: the launcher links it.
 *
 * A URI is a text that begins with a scheme, a colon and a slash. Anything else
 * is a path or a name and stays as it is, unless it begins like
 * "user:password@host".
 *
 * Every URI passes through uri_clean() before it goes into a journal, a cursor,
 * a message or a report.
 */
#ifndef BASE_URI_H
#define BASE_URI_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text; start is NULL if the URI has no such piece. */
struct uri_span {
	const char *start;
	size_t len;
};

struct uri {
	struct uri_span scheme;         /* without the colon */
	struct uri_span user, password; /* percent-encoded */
	struct uri_span authority; /* "host:port", without user and password */
	struct uri_span host;      /* without the brackets of an IPv6 address */
	const char *path; /* up to the query, the fragment or the end */
	const char *end;  /* where the path ends */
};

/* Returns false if the text is no URI; *u is zeroed then. A password may hold
 * an unencoded "/", "?" or "#" where the text before that sign can't be a host
 * and its port. */
bool uri_split(const char *text, struct uri *u);

/* Removes user, password, query and fragment, in place:
 * "http://user:password@host/x?key=1#2" -> "http://host/x". */
void uri_clean(char *text);

/* Does the same to each word of a message that holds a login; words end at
 * blanks and quotes. */
void uri_clean_words(char *message);

/* Replaces each %XX by its byte, in place. Anything else stays, also %00, which
 * would cut the text. Returns whether something was decoded. */
bool uri_unescape(char *text);

/* May a key be sent to `url`? If not, `why` says in words that follow the address's
 * name why, and which address is likely to be meant; nothing of `url` but its
 * host and port is in it. `service`: a domain whose server is its host "api", or
 * one with "api." in its name, and must be reached by https; or NULL. */
#define URI_WHY_MAX 512
bool uri_is_fit(const char *url, const char *service, char why[URI_WHY_MAX]);

/* Is it an http:// address of another machine, so that others can read what is
 * sent? */
bool uri_is_in_clear(const char *url);

#endif
