#include "format/trackinguri.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How many characters of a URI a message shows. */
#define SHOWN_MAX 100
/* MLflow's own name for a file store: a directory, made if it is missing. */
#define OWN_STORE "mlruns"

static bool
starts_with(const char *text, const char *start)
{
	return strncasecmp(text, start, strlen(start)) == 0;
}

static bool
is_database(const char *uri)
{
	static const char *const schemes[] = {
	    "sqlite", "postgresql", "mysql", "mssql"};

	for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
		size_t len = strlen(schemes[i]);

		if (starts_with(uri, schemes[i]) &&
		    (uri[len] == ':' || uri[len] == '+'))
			return true;
	}
	return false;
}

static bool
is_server(const char *uri)
{
	const char *host = strstr(uri, "://");

	if (!starts_with(uri, "http://") && !starts_with(uri, "https://"))
		return false;
	host += strlen("://");
	return *host != '\0' && strchr("/?#:", *host) == NULL;
}

/* Is it an address of this machine? */
static bool
is_file(const char *uri)
{
	const char *path = uri + strlen("file:");

	if (!starts_with(uri, "file:") || path[0] == '\0')
		return false;
	return !starts_with(path, "//") || path[2] == '/' ||
	    starts_with(path + 2, "localhost/");
}

/* Is it the user's directory, or a path in it? */
static bool
is_at_home(const char *uri)
{
	return uri[0] == '~' && (uri[1] == '/' || uri[1] == '\0');
}

static bool
is_path(const char *uri)
{
	return uri[0] == '/' || uri[0] == '.' || strcmp(uri, OWN_STORE) == 0;
}

static bool
may_be_name(const char *uri)
{
	return uri[0] != '\0' && uri[0] != '~' && strchr(uri, ':') == NULL;
}

void
tracking_uri_read(
    struct tracking_place *place, const char *uri, const char *home, bool there)
{
	*place = (struct tracking_place){
	    .kind = TRACKING_URI_PATH, .before = "", .path = uri};
	if (is_server(uri)) {
		place->kind = TRACKING_URI_SERVER;
	} else if (is_file(uri)) {
		place->kind = TRACKING_URI_FILE;
	} else if (is_database(uri)) {
		place->kind = TRACKING_URI_DATABASE;
	} else if (is_at_home(uri)) {
		if (home != NULL) {
			place->before = home;
			place->path = uri + 1;
		}
	} else if (!is_path(uri)) {
		place->before = "./";
		if (!there || !may_be_name(uri))
			place->kind = TRACKING_URI_UNKNOWN;
	}
}

/* Copies the URI without surrounding blanks, user, password and query. */
static void
put_shown(const char *uri, char shown[SHOWN_MAX])
{
	size_t len, authority;
	const char *at;

	uri += strspn(uri, " \t");
	len = strcspn(uri, "?#");
	while (len > 0 && strchr(" \t\r\n", uri[len - 1]) != NULL)
		len--;
	at = memrchr(uri, '@', len);
	authority = strspn(uri,
	    "abcdefghijklmnopqrstuvwxyz+-ABCDEFGHIJKLMNOPQRS"
	    "TUVWXYZ");
	authority = uri[authority] == ':' && uri[authority + 1] == '/'
	    ? authority + 1 + strspn(uri + authority + 1, "/")
	    : 0;
	if (at == NULL || (size_t)(at - uri) < authority)
		snprintf(shown, SHOWN_MAX, "%.*s", (int)len, uri);
	else
		snprintf(shown, SHOWN_MAX, "%.*s%.*s", (int)authority, uri,
		    (int)(len - (size_t)(at + 1 - uri)), at + 1);
}

/* Is it a misspelt http: or https:, as in "htp://h", "http:/h", "https:h" or
 * "http//h"? */
static bool
is_web_slip(const char *shown, size_t scheme)
{
	return scheme >= 2 && scheme <= 6 && tolower(shown[0]) == 'h' &&
	    memchr(shown, 't', scheme) != NULL &&
	    (shown[scheme] == ':' || shown[scheme] == '/');
}

static void
put_nearest(const char *shown, char *nearest, size_t size)
{
	size_t scheme = strspn(shown,
	    "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
	const char *rest = shown + scheme + strspn(shown + scheme, ":/");
	size_t host = strcspn(shown, ":/");
	const char *port = shown + host + (shown[host] == ':');
	bool secure = scheme > 0 && tolower(shown[scheme - 1]) == 's';

	if (is_web_slip(shown, scheme) && *rest != '\0' &&
	    !isdigit((unsigned char)shown[scheme + 1]))
		snprintf(nearest, size, "http%s://%s", secure ? "s" : "", rest);
	else if (host > 0 && isdigit((unsigned char)port[0]) && port != shown &&
	    strspn(port, "0123456789") == strcspn(port, "/"))
		snprintf(nearest, size, "http://%s", shown);
	else if (starts_with(shown, "file:"))
		snprintf(nearest, size, "file:///DIR for a directory here");
	else if (shown[0] == '[')
		snprintf(nearest, size, "http://%s", shown);
	else if (strchr(shown, ':') == NULL && shown[0] != '~' &&
	    !starts_with(shown, "databricks"))
		snprintf(nearest, size,
		    "http://%s for a server, ./%s for a "
		    "directory",
		    shown, shown);
	else
		snprintf(nearest, size,
		    "http://HOST:PORT for a server, ./DIR for a directory");
}

void
tracking_uri_complain(const char *uri, char *message, size_t size)
{
	char shown[SHOWN_MAX], nearest[2 * SHOWN_MAX + 64];

	put_shown(uri, shown);
	put_nearest(shown, nearest, sizeof nearest);
	snprintf(message, size,
	    "\"%s\" is neither an MLflow server nor a directory that is there; "
	    "write %s",
	    shown, nearest);
}
