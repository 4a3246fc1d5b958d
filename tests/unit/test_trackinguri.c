/* What a text given as MLflow's tracking URI means. */
#include "format/trackinguri.h"

#include <stdio.h>

#include "tap.h"

static const char *const kinds[] = {
    "server", "file", "database", "path", "unknown"};

/* want: the kind, or the path. */
static void
means(const char *uri, const char *home, bool there, const char *want)
{
	struct tracking_place place;
	char path[64];

	tracking_uri_read(&place, uri, home, there);
	snprintf(path, sizeof path, "%s%s", place.before, place.path);
	is_text(place.kind == TRACKING_URI_PATH ? path : kinds[place.kind],
	    want, uri);
}

int
main(void)
{
	means("http://h", "/u", true, "server");
	means("HTTPS://h:5000/x", "/u", false, "server");
	means("http://", "/u", true, "unknown");
	means("http:///x", "/u", true, "unknown");
	means("file:///a", "/u", false, "file");
	means("file:a", "/u", false, "file");
	means("file://other/a", "/u", true, "unknown");
	means("sqlite:///a.db", "/u", false, "database");
	means("mysql+pymysql://h/d", "/u", false, "database");
	means("/a", "/u", false, "/a");
	means("./a:b", "/u", false, "./a:b");
	means("..", "/u", false, "..");
	means("mlruns", "/u", false, "mlruns");
	means("~", "/u", false, "/u");
	means("~/a", "/u", false, "/u/a");
	means("~/a", NULL, false, "~/a");
	means("~other/a", "/u", true, "unknown");
	means("runs", "/u", true, "./runs");
	means("a/runs", "/u", true, "./a/runs");
	means("runs", "/u", false, "unknown");
	means("localhost:5000", "/u", true, "unknown");
	means("", "/u", true, "unknown");
	return done_testing();
}
