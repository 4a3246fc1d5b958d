/*
 * libcurl, loaded when the first request needs it: it brings some thirty libraries,
 * which take longer to load than a command takes that sends nothing.
 *
 *	if (libcurl_load(&err) == 0)
 *		... curl_easy_init() and so on, as ever ...
 *
 * The names below are the functions of the loaded library; before libcurl_load()
 * they must not be called. A program that has libcurl in it (LIBCURL_LINKED, see
 * scripts/embed) calls the same functions by their own names.
 */
#ifndef HTTP_LIBCURL_H
#define HTTP_LIBCURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include "base/err.h"

#undef curl_easy_setopt
#undef curl_easy_getinfo
#undef curl_multi_setopt

#define LIBCURL_FUNCTIONS(F)   \
	F(easy_cleanup)        \
	F(easy_getinfo)        \
	F(easy_init)           \
	F(easy_setopt)         \
	F(easy_strerror)       \
	F(free)                \
	F(getdate)             \
	F(global_init)         \
	F(multi_add_handle)    \
	F(multi_assign)        \
	F(multi_cleanup)       \
	F(multi_info_read)     \
	F(multi_init)          \
	F(multi_remove_handle) \
	F(multi_setopt)        \
	F(multi_socket_action) \
	F(slist_append)        \
	F(slist_free_all)      \
	F(url)                 \
	F(url_cleanup)         \
	F(url_get)             \
	F(url_set)             \
	F(version_info)

#ifndef LIBCURL_LINKED
struct libcurl {
#define LIBCURL_MEMBER(name) __typeof__(curl_##name) *name;
	LIBCURL_FUNCTIONS(LIBCURL_MEMBER)
#undef LIBCURL_MEMBER
};

extern struct libcurl libcurl;
#endif

/* -ENOTSUP: it is not there, or can't be used. Once it is loaded: nothing. */
int libcurl_load(struct err *err);

#ifndef LIBCURL_LINKED

#define curl_easy_cleanup        libcurl.easy_cleanup
#define curl_easy_getinfo        libcurl.easy_getinfo
#define curl_easy_init           libcurl.easy_init
#define curl_easy_setopt         libcurl.easy_setopt
#define curl_easy_strerror       libcurl.easy_strerror
#define curl_free                libcurl.free
#define curl_getdate             libcurl.getdate
#define curl_global_init         libcurl.global_init
#define curl_multi_add_handle    libcurl.multi_add_handle
#define curl_multi_assign        libcurl.multi_assign
#define curl_multi_cleanup       libcurl.multi_cleanup
#define curl_multi_info_read     libcurl.multi_info_read
#define curl_multi_init          libcurl.multi_init
#define curl_multi_remove_handle libcurl.multi_remove_handle
#define curl_multi_setopt        libcurl.multi_setopt
#define curl_multi_socket_action libcurl.multi_socket_action
#define curl_slist_append        libcurl.slist_append
#define curl_slist_free_all      libcurl.slist_free_all
#define curl_url                 libcurl.url
#define curl_url_cleanup         libcurl.url_cleanup
#define curl_url_get             libcurl.url_get
#define curl_url_set             libcurl.url_set
#define curl_version_info        libcurl.version_info
#endif

#endif
