/* Which proxy a request goes through: the tracker's own variables, then those
 * that Python's requests and curl's users know, in either spelling. curl itself
 * reads http_proxy in small letters alone, and knows no port in NO_PROXY. */
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/uri.h"
#include "http/private.h"

#define HOST_SIZE 256
#define BLANKS    " \t,"

/* The server of an address. */
struct place {
	char host[HOST_SIZE]; /* in small letters */
	long port;
	bool is_https;
};

/* The value of a variable in small letters, else in capitals. A small one that is
 * empty says that there is none. */
static const char *
variable(const char *small, const char *capital)
{
	const char *value = getenv(small);

	return value != NULL ? value : getenv(capital);
}

static bool
is_set(const char *text)
{
	return text != NULL && text[0] != '\0';
}

static bool
place_of(struct place *p, const char *url)
{
	const char *colon;
	struct uri u;

	if (!uri_split(url, &u) || u.host.start == NULL ||
	    u.host.len >= sizeof p->host)
		return false;
	p->is_https = u.scheme.len == 5; /* http, https: nothing else is sent */
	for (size_t i = 0; i < u.host.len; i++) {
		char c = u.host.start[i];

		p->host[i] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
	}
	p->host[u.host.len] = '\0';
	colon = memchr(u.host.start + u.host.len, ':',
	    (size_t)(u.authority.start + u.authority.len -
		(u.host.start + u.host.len)));
	p->port = colon != NULL ? strtol(colon + 1, NULL, 10) : 0;
	if (p->port == 0)
		p->port = p->is_https ? 443 : 80;
	return true;
}

/* Do the first `bits` bits agree? */
static bool
has_prefix(const unsigned char *a, const unsigned char *b, long bits)
{
	long bytes = bits / 8;
	int mask = 0xff00 >> (bits % 8) & 0xff;

	return memcmp(a, b, (size_t)bytes) == 0 &&
	    (mask == 0 || ((a[bytes] ^ b[bytes]) & mask) == 0);
}

/* "10.0.0.0/8" or "fd00::/8": is the host an address in it? */
static bool
is_in_network(const char *host, const char *network)
{
	const char *slash = strchr(network, '/');
	unsigned char own[16], net[16];
	char text[HOST_SIZE], *end;
	int family = strchr(host, ':') != NULL ? AF_INET6 : AF_INET;
	long bits;

	if (slash == NULL)
		return false;
	snprintf(text, sizeof text, "%.*s", (int)(slash - network), network);
	bits = strtol(slash + 1, &end, 10);
	return end != slash + 1 && *end == '\0' && bits >= 0 &&
	    bits <= (family == AF_INET ? 32 : 128) &&
	    inet_pton(family, host, own) == 1 &&
	    inet_pton(family, text, net) == 1 && has_prefix(own, net, bits);
}

/* Takes ":PORT" off the entry; false: it is another port. An IPv6 address has
 * its brackets then. */
static bool
take_port(char *entry, long port)
{
	char *colon = strrchr(entry, ':'), *end;
	long named;

	if (colon == NULL || (strchr(entry, ':') != colon && colon[-1] != ']'))
		return true;
	named = strtol(colon + 1, &end, 10);
	if (end == colon + 1 || *end != '\0')
		return true;
	*colon = '\0';
	return named == port;
}

/* A host, a domain with or without its dot, a network, or "*". */
static bool
entry_means(char *entry, const struct place *p)
{
	size_t len, host_len = strlen(p->host);

	if (strcmp(entry, "*") == 0)
		return true;
	if (!take_port(entry, p->port))
		return false;
	if (entry[0] == '[') {
		entry++;
		entry[strcspn(entry, "]")] = '\0';
	}
	while (entry[0] == '.' || (entry[0] == '*' && entry[1] == '.'))
		entry++;
	len = strlen(entry);
	if (len == 0)
		return false;
	if (host_len > len && p->host[host_len - len - 1] == '.' &&
	    strcasecmp(p->host + host_len - len, entry) == 0)
		return true;
	return strcasecmp(p->host, entry) == 0 || is_in_network(p->host, entry);
}

static bool
needs_none(const struct place *p)
{
	const char *value = variable("no_proxy", "NO_PROXY");
	char *list, *rest, *entry;
	bool found = false;

	if (!is_set(value))
		return false;
	rest = list = xstrdup(value);
	while (!found && (entry = strsep(&rest, BLANKS)) != NULL)
		found = entry[0] != '\0' && entry_means(entry, p);
	free(list);
	return found;
}

/* A server that runs a program by CGI gives it the header "Proxy:" of a stranger
 * as HTTP_PROXY. */
static const char *
usual_proxy(const struct place *p)
{
	const char *proxy;

	if (p->is_https)
		proxy = variable("https_proxy", "HTTPS_PROXY");
	else if (getenv("REQUEST_METHOD") != NULL)
		proxy = getenv("http_proxy");
	else
		proxy = variable("http_proxy", "HTTP_PROXY");
	return proxy != NULL ? proxy : variable("all_proxy", "ALL_PROXY");
}

const char *
http_proxy_of(const struct http *h, const char *url)
{
	const char *proxy;
	struct place p;

	if (!place_of(&p, url))
		return "";
	proxy = p.is_https ? h->https_proxy : h->http_proxy;
	if (is_set(proxy))
		return proxy;
	proxy = usual_proxy(&p);
	return is_set(proxy) && !needs_none(&p) ? proxy : "";
}
