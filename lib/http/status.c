/* What a status code means for a request (done, try again, refused), how
 * long Retry-After says to wait, and how text is escaped in an address. */
#include "http/http.h"
#include "http/libcurl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* A server that asks for more is asked earlier. */
#define RETRY_AFTER_MAX_S 3600

enum http_result
http_status_result(int status)
{
	if (status >= 200 && status < 300)
		return HTTP_OK;
	switch (status) {
	case 408:
	case 425:
	case 429:
		return HTTP_LATER;
	case 401:
	case 403:
	case 407:
		return HTTP_DENIED;
	case 501:
		return HTTP_REFUSED;
	default:
		return status >= 500 ? HTTP_LATER : HTTP_REFUSED;
	}
}

int64_t
http_retry_after_ms(const char *value, int64_t now_s)
{
	int64_t seconds;
	char *end;

	errno = 0;
	seconds = strtoll(value, &end, 10);
	if (end == value || *end != '\0' || errno != 0) {
		time_t when =
		    libcurl_load(NULL) == 0 ? curl_getdate(value, NULL) : -1;

		if (when == -1)
			return 0;
		seconds = (int64_t)when - now_s;
	}
	if (seconds < 0)
		seconds = 0;
	if (seconds > RETRY_AFTER_MAX_S)
		seconds = RETRY_AFTER_MAX_S;
	return seconds * 1000;
}

bool
http_is_page(const struct http_answer *answer)
{
	static const char *const begins[] = {"<!doctype html", "<html"};
	const char *body = answer->body != NULL ? answer->body : "";

	if (strncasecmp(answer->type, "text/html", strlen("text/html")) == 0)
		return true;
	body += strspn(body, " \t\r\n");
	for (size_t i = 0; i < sizeof begins / sizeof begins[0]; i++)
		if (strncasecmp(body, begins[i], strlen(begins[i])) == 0)
			return true;
	return false;
}

int
http_escape(struct buf *out, const char *text, const char *keep)
{
	static const char unreserved[] =
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
	int result = 0;

	for (const char *p = text; *p != '\0'; p++) {
		int r;

		if (strchr(unreserved, *p) != NULL || strchr(keep, *p) != NULL)
			r = buf_addc(out, *p);
		else
			r = buf_addf(out, "%%%02X", (unsigned char)*p);
		if (r < 0)
			result = r;
	}
	return result;
}
