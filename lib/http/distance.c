/* Measures how far away the servers are. A connect takes one round trip, which
 * only our own load can delay, not the server's; so the quickest one counts. */
#include "http/private.h"

static LIST_HEAD(, http) handles = LIST_HEAD_INITIALIZER(handles);

void
http_distance_add(struct http *h)
{
	LIST_INSERT_HEAD(&handles, h, link);
}

void
http_distance_remove(struct http *h)
{
	LIST_REMOVE(h, link);
}

void
http_distance_note(struct http *h, CURL *easy)
{
	long connects = 0;
	curl_off_t name_us = 0, connected_us = 0;

	curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects);
	curl_easy_getinfo(easy, CURLINFO_NAMELOOKUP_TIME_T, &name_us);
	curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_us);
	/* After a redirect, the times are another server's. */
	if (connects != 1 || connected_us <= name_us)
		return;
	if (h->distance_us == 0 || connected_us - name_us < h->distance_us)
		h->distance_us = connected_us - name_us;
}

int64_t
http_distance_us(void)
{
	const struct http *h;
	int64_t farthest_us = 0;

	LIST_FOREACH(h, &handles, link)
	if (h->distance_us > farthest_us)
		farthest_us = h->distance_us;
	return farthest_us;
}
