#include "base/uri.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define LETTERS    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS     "0123456789"
#define WORD_ENDS  " \t\r\n'\"`<>"
#define HOST_BYTES LETTERS DIGITS "-._~"

static struct uri_span
span(const char *start, const char *end)
{
	return (struct uri_span){start, (size_t)(end - start)};
}

/* The text behind the scheme's colon; NULL: the text begins with no scheme. */
static const char *
behind_scheme(const char *text)
{
	size_t len = strspn(text, LETTERS DIGITS "+-.");

	if (len == 0 || strchr(LETTERS, text[0]) == NULL || text[len] != ':' ||
	    text[len + 1] != '/')
		return NULL;
	return text + len + 1;
}

/* Can it be a host, or a host and its port? */
static bool
may_be_host(const char *start, const char *end)
{
	const char *bracket = memrchr(start, ']', (size_t)(end - start));
	const char *from = bracket != NULL ? bracket : start;
	const char *colon = memchr(from, ':', (size_t)(end - from));

	for (; colon != NULL && ++colon < end;)
		if (!isdigit((unsigned char)*colon))
			return false;
	return true;
}

/* The "@" behind user and password, or NULL. */
static const char *
find_at(const char *start)
{
	size_t len = strcspn(start, "/?#");
	const char *at = memrchr(start, '@', len);

	if (at == NULL && !may_be_host(start, start + len))
		at = strrchr(start, '@');
	return at;
}

static void
take_login(struct uri *u, const char *start, const char *at)
{
	const char *colon = memchr(start, ':', (size_t)(at - start));

	u->user = span(start, colon != NULL ? colon : at);
	if (colon != NULL)
		u->password = span(colon + 1, at);
}

static void
take_host(struct uri *u)
{
	const char *start = u->authority.start;
	const char *end = start + u->authority.len, *stop;

	if (start < end && *start == '[') {
		stop = memchr(start, ']', u->authority.len);
		start++;
	} else {
		stop = memchr(start, ':', u->authority.len);
	}
	u->host = span(start, stop != NULL ? stop : end);
}

bool
uri_split(const char *text, struct uri *u)
{
	const char *rest = behind_scheme(text), *at;

	memset(u, 0, sizeof *u);
	if (rest == NULL)
		return false;
	u->scheme = span(text, rest - 1);
	if (strncmp(rest, "//", 2) == 0) {
		rest += 2;
		at = find_at(rest);
		if (at != NULL) {
			take_login(u, rest, at);
			rest = at + 1;
		}
		u->authority = span(rest, rest + strcspn(rest, "/?#"));
		take_host(u);
		rest += u->authority.len;
	}
	u->path = rest;
	u->end = rest + strcspn(rest, "?#");
	return true;
}

/* The text behind the "@" of "user:password@host...", at the beginning or behind
 * any "://"; NULL: there is none. */
static const char *
behind_bare_login(const char *text)
{
	for (const char *start = text; start != NULL;) {
		const char *at = memrchr(start, '@', strcspn(start, "/?#"));

		if (at != NULL &&
		    memchr(text, ':', (size_t)(at - text)) != NULL)
			return at + 1;
		start = strstr(start, "://");
		start = start != NULL ? start + 3 : NULL;
	}
	return NULL;
}

/* Returns whether there was a login. */
static bool
remove_login(char *text)
{
	const char *behind;
	struct uri u;
	char *to;

	/* What has no authority is mistyped, or a path. */
	if (!uri_split(text, &u) || u.authority.start == NULL) {
		behind = behind_bare_login(text);
		if (behind != NULL)
			memmove(text, behind, strlen(behind) + 1);
		else if (u.end != NULL)
			text[u.end - text] = '\0';
		return behind != NULL;
	}
	text[u.end - text] = '\0';
	if (u.user.start == NULL)
		return false;
	to = text + (u.user.start - text);
	memmove(to, u.authority.start, strlen(u.authority.start) + 1);
	return true;
}

void
uri_clean(char *text)
{
	/* What is behind a login may look like one itself. */
	while (remove_login(text))
		;
}

void
uri_clean_words(char *message)
{
	char *word = message;

	while (*word != '\0') {
		size_t len = strcspn(word, WORD_ENDS);
		char *end = word + len, ended = *end;

		*end = '\0';
		if (strchr(word, '@') != NULL) {
			char *at = strrchr(word, '@');
			const char *rest = behind_scheme(word);

			if (rest != NULL)
				uri_clean(word);
			else
				memmove(word, at + 1, strlen(at + 1) + 1);
		}
		len = strlen(word);
		*end = ended;
		memmove(word + len, end, strlen(end) + 1);
		word += len;
		word += strspn(word, WORD_ENDS);
	}
}

static int
hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool
uri_unescape(char *text)
{
	char *to = text;
	const char *from;

	for (from = text; *from != '\0'; from++) {
		int high = *from == '%' ? hex(from[1]) : -1;
		int low = high >= 0 ? hex(from[2]) : -1;

		if (low >= 0 && high * 16 + low != 0) {
			*to++ = (char)(high * 16 + low);
			from += 2;
		} else {
			*to++ = *from;
		}
	}
	*to = '\0';
	return to != from;
}

static bool
is(const struct uri_span *s, const char *word)
{
	return s->len == strlen(word) &&
	    strncasecmp(s->start, word, s->len) == 0;
}

/* Is the host `name`, or one below it? A dot at the end does not count. */
static bool
is_below(struct uri_span host, const char *name)
{
	size_t len = strlen(name);

	if (host.len > 0 && host.start[host.len - 1] == '.')
		host.len--;
	if (host.len > len && host.start[host.len - len - 1] == '.')
		host = span(host.start + host.len - len, host.start + host.len);
	return is(&host, name);
}

/* A name, an IPv4 address, or an IPv6 address in its brackets; a port. */
static bool
has_host(const struct uri *u)
{
	const char *end = u->authority.start + u->authority.len;
	bool bracketed = u->authority.start[0] == '[';
	const char *accept = bracketed ? HOST_BYTES ":%" : HOST_BYTES;
	const char *at = u->host.start + u->host.len;

	for (size_t i = 0; i < u->host.len; i++)
		if (strchr(accept, u->host.start[i]) == NULL)
			return false;
	if (bracketed && (at == end || *at++ != ']'))
		return false;
	if (at < end && *at != ':')
		return false;
	return u->host.len > 0 && may_be_host(at, end);
}

/* The names and addresses by which a machine reaches itself. */
static bool
is_this_machine(struct uri_span host)
{
	return is_below(host, "localhost") || is(&host, "::1") ||
	    (host.len > 4 && strncmp(host.start, "127.", 4) == 0 &&
		strspn(host.start, DIGITS ".") >= host.len);
}

static bool
is_http(const struct uri *u)
{
	return u->authority.start != NULL &&
	    (is(&u->scheme, "http") || is(&u->scheme, "https")) && has_host(u);
}

/* A host of the service that is its page: its server has "api." in its name. */
static bool
is_page(const struct uri *u, const char *service)
{
	const char *p = u->host.start;

	if (!is_below(u->host, service))
		return false;
	for (size_t i = 0; i + 4 <= u->host.len; i++)
		if ((i == 0 || p[i - 1] == '.') &&
		    strncasecmp(p + i, "api.", 4) == 0)
			return false;
	return true;
}

/* Begins the text without a scheme with a host? Then `why` names the address that
 * is meant. */
static void
advise_scheme(const char *text, const char *service, char why[URI_WHY_MAX])
{
	char whole[URI_WHY_MAX];
	struct uri u;
	int len = snprintf(whole, sizeof whole, "https://%s", text);

	if (len >= (int)sizeof whole || strstr(text, "://") != NULL ||
	    !uri_split(whole, &u) || !is_http(&u))
		return;
	len = (int)strlen(why);
	if (service != NULL && is_page(&u, service))
		snprintf(why + len, URI_WHY_MAX - (size_t)len,
		    ": did you mean https://api.%s?", service);
	else
		snprintf(why + len, URI_WHY_MAX - (size_t)len,
		    ": did you mean %s://%.*s?",
		    is_this_machine(u.host) ? "http" : "https",
		    (int)u.authority.len, u.authority.start);
}

bool
uri_is_fit(const char *url, const char *service, char why[URI_WHY_MAX])
{
	struct uri u;

	why[0] = '\0';
	if (!uri_split(url, &u) || !is_http(&u)) {
		snprintf(why, URI_WHY_MAX,
		    "is no address that begins with http:// or https://");
		advise_scheme(url, service, why);
	} else if (service != NULL && is(&u.scheme, "http") &&
	    is_below(u.host, service)) {
		snprintf(why, URI_WHY_MAX,
		    "is plain http, over which no key goes there: use https");
	} else if (service != NULL && is_page(&u, service)) {
		snprintf(why, URI_WHY_MAX,
		    "is a page, not the server: did you mean https://api.%s?",
		    service);
	}
	return why[0] == '\0';
}

bool
uri_is_in_clear(const char *url)
{
	struct uri u;

	return uri_split(url, &u) && is(&u.scheme, "http") &&
	    u.authority.start != NULL && !is_this_machine(u.host);
}
