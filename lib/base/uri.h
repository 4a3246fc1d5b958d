/*
 * URIs as the user wrote them: taken apart, and without what must be told to
 * nobody. Pure, no allocation, libc only: the launcher links it.
 *
 * A URI is a text that begins with a scheme, a colon and a slash. Anything else
 * is a path or a name and stays as it is, unless it begins like
 * "user:password@host".
 *
 * Where a URI goes into a journal, a cursor, a message or a report, it goes
 * there through uri_clean().
 */
#ifndef BASE_URI_H
#define BASE_URI_H

#include <stdbool.h>
#include <stddef.h>

/* A piece of the text; start NULL: it has none. */
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
	const char *end;  /* of the path */
};

/* False: the text is no URI; *u is zeroed. A password with an unencoded "/",
 * "?" or "#" in it is found where what stands before that can't be a host and
 * its port. */
bool uri_split(const char *text, struct uri *u);

/* Takes user, password, query and fragment out, in place:
 * "http://user:password@host/x?key=1#2" -> "http://host/x". */
void uri_clean(char *text);

/* The same for each word of a message that holds a login; words end at blanks
 * and quotes. */
void uri_clean_words(char *message);

/* %XX -> the byte, in place; anything else stays, %00 too, which would cut the
 * text. True: something was decoded. */
bool uri_unescape(char *text);

/* Why no key may be sent there: what to say behind the address's name; NULL: it
 * may. https_only: a domain that is reached by https alone, with all below it;
 * or NULL. */
const char *uri_unfit(const char *url, const char *https_only);

/* Is it http:// to another machine, so that others can read what is sent? */
bool uri_is_in_clear(const char *url);

#endif
