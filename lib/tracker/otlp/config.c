#include "tracker/otlp/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/environment.h"
#include "base/buf.h"
#include "base/die.h"
#include "base/uri.h"
#include "tracker/otlp/pairs.h"

#define DEFAULT_ENDPOINT "http://localhost:4318"
#define GRPC_PORT        ":4317"
/* A day: nobody waits longer for one answer. */
#define TIMEOUT_MAX_MS 86400000

static const struct {
	const char *name, *word, *path, *option;
} signals[OTLP_SIGNALS] = {
    [OTLP_METRICS] = {"metrics", "METRICS", "/v1/metrics",
	"otlp-metrics-endpoint"},
    [OTLP_TRACES] = {"traces", "TRACES", "/v1/traces", "otlp-traces-endpoint"},
    [OTLP_LOGS] = {"logs", "LOGS", "/v1/logs", "otlp-logs-endpoint"},
};

const char *
otlp_signal_name(enum otlp_signal signal)
{
	return signals[signal].name;
}

/* OTEL_EXPORTER_OTLP_<SIGNAL>_<what>, else OTEL_EXPORTER_OTLP_<what>; *name
 * (allocated) is the one that counts. */
static const char *
exporter_variable(enum otlp_signal signal, const char *what, char **name)
{
	const char *value;

	*name =
	    xasprintf("OTEL_EXPORTER_OTLP_%s_%s", signals[signal].word, what);
	value = environment_value(*name);
	if (value != NULL)
		return value;
	free(*name);
	*name = xasprintf("OTEL_EXPORTER_OTLP_%s", what);
	return environment_value(*name);
}

static char *
exporter_copy(enum otlp_signal signal, const char *what)
{
	char *name;
	const char *value = exporter_variable(signal, what, &name);

	free(name);
	return value != NULL ? xstrdup(value) : NULL;
}

/* Takes over `note`; the same one counts once. */
static void
add_note(struct otlp_config *c, char *note)
{
	for (size_t i = 0; i < c->note_len; i++)
		if (strcmp(c->notes[i], note) == 0) {
			free(note);
			return;
		}
	c->notes = xreallocarray(c->notes, c->note_len + 1, sizeof *c->notes);
	c->notes[c->note_len++] = note;
}

static char *
decoded(struct uri_span span)
{
	char *text = xstrndup(span.start, span.len);

	uri_unescape(text);
	return text;
}

/* The journal has the option without its login; this process's variable may
 * still have it for the same address. */
static void
take_login(struct otlp_way *way, const char *option, const char *name)
{
	const char *value = environment_value(name);
	char *clean = value != NULL ? xstrdup(value) : NULL;
	struct uri uri;

	if (clean != NULL)
		uri_clean(clean);
	if (clean != NULL && strcmp(clean, option) == 0 &&
	    uri_split(value, &uri) && uri.user.start != NULL &&
	    uri.password.start != NULL) {
		way->user = decoded(uri.user);
		way->password = decoded(uri.password);
	}
	free(clean);
}

static void
take_address(
    struct otlp_way *way, enum otlp_signal signal, const struct plan *plan)
{
	const char *own = plan_option(plan, signals[signal].option);
	const char *base = plan_option(plan, "otlp-endpoint");
	char *clean = xstrdup(own != NULL ? own
		: base != NULL            ? base
					  : DEFAULT_ENDPOINT);
	char *name = own != NULL
	    ? xasprintf("OTEL_EXPORTER_OTLP_%s_ENDPOINT", signals[signal].word)
	    : xstrdup("OTEL_EXPORTER_OTLP_ENDPOINT");
	size_t len;

	uri_clean(clean);
	take_login(way, clean, name);
	free(name);
	if (own != NULL) {
		way->url = clean;
		return;
	}
	len = strlen(clean);
	while (len > 0 && clean[len - 1] == '/')
		len--;
	way->url = xasprintf("%.*s%s", (int)len, clean, signals[signal].path);
	free(clean);
}

/* Headers of ours, which say what the body is. */
static bool
is_ours(const char *name)
{
	static const char *const ours[] = {"content-type", "content-encoding",
	    "content-length", "transfer-encoding", "host", "expect"};

	for (size_t i = 0; i < sizeof ours / sizeof ours[0]; i++)
		if (strcasecmp(name, ours[i]) == 0)
			return true;
	return false;
}

/* A header's name has letters, digits and some signs (RFC 9110, 5.6.2), and a
 * value no control characters. */
static bool
is_header(const struct pair *pair)
{
	static const char signs[] = "!#$%&'*+-.^_`|~";

	for (const char *p = pair->name; *p != '\0'; p++)
		if (strchr(signs, *p) == NULL && (*p < '0' || *p > '9') &&
		    ((*p | 0x20) < 'a' || (*p | 0x20) > 'z'))
			return false;
	for (const char *p = pair->text; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	return pair->name[0] != '\0';
}

static void
take_headers(
    struct otlp_config *c, struct otlp_way *way, enum otlp_signal signal)
{
	char *name;
	const char *value = exporter_variable(signal, "HEADERS", &name);
	struct pair *list = NULL;
	size_t len = 0, bad = otlp_pairs_read(value, &list, &len);

	for (size_t i = 0; i < len; i++) {
		if (!is_header(&list[i]) || is_ours(list[i].name)) {
			bad++;
			continue;
		}
		way->headers = xreallocarray(
		    way->headers, way->header_len + 1, sizeof *way->headers);
		way->headers[way->header_len++] =
		    xasprintf("%s: %s", list[i].name, list[i].text);
	}
	if (bad > 0)
		add_note(c,
		    xasprintf("%s: what is not NAME=VALUE, or not a header "
			      "that may be set, is left out (%zu)",
			name, bad));
	otlp_pairs_release(list, len);
	free(name);
}

static void
take_timeout(
    struct otlp_config *c, struct otlp_way *way, enum otlp_signal signal)
{
	char *name;
	const char *value = exporter_variable(signal, "TIMEOUT", &name);
	const char *why = NULL;

	if (value != NULL)
		way->timeout_ms = strtonum(value, 0, TIMEOUT_MAX_MS, &why);
	if (why != NULL)
		add_note(c,
		    xasprintf("%s=%.40s is %s (milliseconds): not used", name,
			value, why));
	free(name);
}

static void
take_compression(
    struct otlp_config *c, struct otlp_way *way, enum otlp_signal signal)
{
	char *name;
	const char *value = exporter_variable(signal, "COMPRESSION", &name);

	way->gzip = value == NULL || strcmp(value, "none") != 0;
	if (value != NULL && way->gzip && strcmp(value, "gzip") != 0)
		add_note(c,
		    xasprintf("%s=%.40s: itrack knows gzip and none, and uses "
			      "gzip",
			name, value));
	free(name);
}

static void
take_protocol(struct otlp_config *c, enum otlp_signal signal)
{
	char *name;
	const char *value = exporter_variable(signal, "PROTOCOL", &name);

	if (value != NULL && strcmp(value, "http/protobuf") != 0)
		add_note(c,
		    xasprintf("%s=%.40s: itrack speaks http/protobuf alone, "
			      "and uses it",
			name, value));
	free(name);
}

static void
take_exporter(
    struct otlp_config *c, struct otlp_way *way, enum otlp_signal signal)
{
	char *name = xasprintf("OTEL_%s_EXPORTER", signals[signal].word);
	const char *value = environment_value(name);

	way->off = value != NULL && strcmp(value, "none") == 0;
	if (way->off)
		add_note(c,
		    xasprintf(
			"%s=none: no %s are sent", name, signals[signal].name));
	free(name);
}

/* The variable's attributes; what has no "=" is left out. */
static void
take_resource(struct otlp_config *c)
{
	const char *service = environment_value("OTEL_SERVICE_NAME");
	size_t bad =
	    otlp_pairs_read(environment_value("OTEL_RESOURCE_ATTRIBUTES"),
		&c->resource, &c->resource_len);

	if (bad > 0)
		add_note(c,
		    xasprintf("OTEL_RESOURCE_ATTRIBUTES: what is not "
			      "NAME=VALUE is left out (%zu)",
			bad));
	if (service != NULL)
		otlp_pairs_put(
		    &c->resource, &c->resource_len, "service.name", service);
}

void
otlp_config_load(struct otlp_config *c, const struct plan *plan)
{
	const char *disabled = environment_value("OTEL_SDK_DISABLED");

	c->disabled = disabled != NULL && strcasecmp(disabled, "true") == 0;
	for (int i = 0; i < OTLP_SIGNALS; i++) {
		enum otlp_signal signal = (enum otlp_signal)i;
		struct otlp_way *way = &c->ways[signal];

		take_address(way, signal, plan);
		take_exporter(c, way, signal);
		if (way->off)
			continue;
		take_headers(c, way, signal);
		take_timeout(c, way, signal);
		take_compression(c, way, signal);
		take_protocol(c, signal);
		way->ca = exporter_copy(signal, "CERTIFICATE");
		way->client_cert = exporter_copy(signal, "CLIENT_CERTIFICATE");
		way->client_key = exporter_copy(signal, "CLIENT_KEY");
	}
	take_resource(c);
}

static void
way_release(struct otlp_way *way)
{
	for (size_t i = 0; i < way->header_len; i++)
		xfree_secret(way->headers[i]);
	free(way->headers);
	xfree_secret(way->password);
	free(way->user);
	free(way->url);
	free(way->ca);
	free(way->client_cert);
	free(way->client_key);
}

void
otlp_config_release(struct otlp_config *c)
{
	for (int i = 0; i < OTLP_SIGNALS; i++)
		way_release(&c->ways[i]);
	otlp_pairs_release(c->resource, c->resource_len);
	for (size_t i = 0; i < c->note_len; i++)
		free(c->notes[i]);
	free(c->notes);
	memset(c, 0, sizeof *c);
}

static bool
has_login(const struct otlp_way *way)
{
	static const char name[] = "authorization:";

	for (size_t i = 0; i < way->header_len; i++)
		if (strncasecmp(way->headers[i], name, strlen(name)) == 0)
			return true;
	return false;
}

struct http_config
otlp_way_http(const struct otlp_way *way)
{
	return (struct http_config){
	    .ca = way->ca,
	    .client_cert = way->client_cert,
	    .client_key = way->client_key,
	    .user = way->user,
	    .password = way->password,
	    .netrc = !has_login(way),
	};
}

bool
otlp_is_grpc_port(const char *url)
{
	struct uri uri;
	size_t len = strlen(GRPC_PORT);

	return uri_split(url, &uri) && uri.authority.len > len &&
	    strncmp(uri.authority.start + uri.authority.len - len, GRPC_PORT,
		len) == 0;
}

char *
otlp_destination(const struct plan *plan, struct err *err)
{
	struct otlp_config c = {0};
	struct buf text;

	(void)err;
	otlp_config_load(&c, plan);
	buf_init(&text, 64 * 1024);
	if (c.disabled)
		buf_adds(&text, "nowhere (OTEL_SDK_DISABLED)");
	for (int i = 0; i < OTLP_SIGNALS && !c.disabled; i++)
		buf_addf(&text, "%s%s", i > 0 ? "\t" : "",
		    c.ways[i].off ? "none" : c.ways[i].url);
	buf_addf(&text, "\tproject %s", plan->project);
	otlp_config_release(&c);
	return buf_steal(&text);
}
