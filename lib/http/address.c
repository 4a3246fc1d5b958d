/* Checks addresses that a server gives us. curl's own parser reads them, so
 * that we check the address to which curl connects. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/uri.h"
#include "http/private.h"

struct origin {
	char *scheme, *host, *port;
};

static void
origin_release(struct origin *o)
{
	curl_free(o->scheme);
	curl_free(o->host);
	curl_free(o->port);
}

/* Returns false if curl does not take the address, or if it holds a login. */
static bool
origin_of(struct origin *o, const char *url)
{
	CURLU *u;
	bool good;

	*o = (struct origin){0};
	if (libcurl_load(NULL) < 0)
		return false;
	u = curl_url();
	if (u == NULL)
		die("out of memory (libcurl)");
	good = curl_url_set(u, CURLUPART_URL, url, CURLU_DISALLOW_USER) == 0 &&
	    curl_url_get(u, CURLUPART_SCHEME, &o->scheme, 0) == 0 &&
	    curl_url_get(u, CURLUPART_HOST, &o->host, CURLU_URLDECODE) == 0 &&
	    curl_url_get(u, CURLUPART_PORT, &o->port, CURLU_DEFAULT_PORT) == 0;
	curl_url_cleanup(u);
	if (!good)
		origin_release(o);
	return good;
}

static bool
is(const struct origin *o, const char *scheme)
{
	return strcasecmp(o->scheme, scheme) == 0;
}

static bool
are_equal(const struct origin *a, const struct origin *b)
{
	return strcasecmp(a->scheme, b->scheme) == 0 &&
	    strcasecmp(a->host, b->host) == 0 && strcmp(a->port, b->port) == 0;
}

/* Says why we may not go from one address to the other; NULL: we may. */
static const char *
why_not(const struct origin *from, const struct origin *to)
{
	if (!is(to, "http") && !is(to, "https"))
		return "is neither http nor https";
	if (is(from, "https") && is(to, "http"))
		return "is plain http, the server's own is https";
	return NULL;
}

bool
http_same_origin(const char *own, const char *url)
{
	struct origin a, b = {0};
	bool same = false;

	if (!origin_of(&a, own))
		return false;
	if (origin_of(&b, url)) {
		same = are_equal(&a, &b);
		origin_release(&b);
	}
	origin_release(&a);
	return same;
}

int
http_check_address(const char *own, const char *url, struct err *err)
{
	struct origin from, to;
	const char *why;
	char *shown = xstrdup(url);
	int result = 0;

	uri_clean(shown);
	shown[strcspn(shown, "?#")] = '\0';
	if (!origin_of(&from, own)) {
		result = err_set(err, -EINVAL, "%s is no address", own);
	} else if (!origin_of(&to, url)) {
		result = err_set(err, -EPERM,
		    "an address that the server gives is none, or has a login "
		    "in it: %s",
		    shown);
		origin_release(&from);
	} else {
		why = why_not(&from, &to);
		if (why != NULL)
			result = err_set(err, -EPERM,
			    "an address that the server gives %s: %s", why,
			    shown);
		origin_release(&from);
		origin_release(&to);
	}
	free(shown);
	return result;
}
