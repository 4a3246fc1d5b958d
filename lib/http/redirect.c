/* Follows redirects. curl would do so by itself, but does not say where they
 * lead, and looks into netrc for every host. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "http/private.h"

#define REDIRECTS_MAX 3
#define CONTENT       "Content-"

static bool
is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 ||
	    status == 307 || status == 308;
}

static void
refuse(struct http_call *call, long status, const char *why)
{
	call->misled = true;
	snprintf(call->error, sizeof call->error, "HTTP %ld: not followed: %s",
	    status, why);
}

/* Drops the other headers, because they may say who we are. */
static void
keep_content_headers(struct http_call *call)
{
	struct curl_slist *kept = curl_slist_append(NULL, "Expect:");

	for (const struct curl_slist *h = call->headers; h != NULL; h = h->next)
		if (strncasecmp(h->data, CONTENT, strlen(CONTENT)) == 0)
			kept = curl_slist_append(kept, h->data);
	curl_slist_free_all(call->headers);
	call->headers = kept;
}

static void
go_to(struct http_call *call, char *url)
{
	bool foreign = !http_same_origin(call->own, url);

	curl_multi_remove_handle(call->http->multi, call->easy);
	free(call->url);
	call->url = url;
	call->sent = 0;
	call->curl_error[0] = '\0';
	buf_reset(&call->answer);
	if (foreign)
		keep_content_headers(call);
	http_call_set(call, foreign);
	if (curl_multi_add_handle(call->http->multi, call->easy) != CURLM_OK)
		die("libcurl refuses a request");
}

/* Removes the login from the address to which the answer leads: curl adds our
 * own to a relative address, and one that the server wrote is not ours. NULL:
 * it is no address. Freed by curl_free. */
static char *
without_login(const char *address)
{
	const unsigned flags = CURLU_PATH_AS_IS | CURLU_NON_SUPPORT_SCHEME;
	char *url = NULL;
	CURLU *u = curl_url();

	if (u == NULL)
		die("out of memory (libcurl)");
	if (curl_url_set(u, CURLUPART_URL, address, flags) == 0 &&
	    curl_url_set(u, CURLUPART_USER, NULL, 0) == 0 &&
	    curl_url_set(u, CURLUPART_PASSWORD, NULL, 0) == 0)
		curl_url_get(u, CURLUPART_URL, &url, 0);
	curl_url_cleanup(u);
	return url;
}

bool
http_call_follow(struct http_call *call)
{
	struct err err = ERR_INIT;
	const char *address = NULL;
	bool follows = false;
	long status = 0;
	char *to;

	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_REDIRECT_URL, &address);
	if (!is_redirect(status) || address == NULL ||
	    call->request.secret_path)
		return false;
	to = without_login(address);
	if (to == NULL) {
		refuse(call, status, "it leads to no address");
	} else if (++call->redirects > REDIRECTS_MAX) {
		refuse(call, status, "too many redirects in a row");
	} else if (http_check_address(call->url, to, &err) < 0 ||
	    (strncasecmp(to, "https:", 6) == 0 &&
		http_trust_load(call->http, &err) < 0)) {
		refuse(call, status, err.message);
	} else {
		go_to(call, xstrdup(to));
		follows = true;
	}
	curl_free(to);
	return follows;
}
