/*
 * What the options and OpenTelemetry's variables say: for each signal (metrics,
 * traces, logs) where it goes and how, and of all of them what the resource is
 * called. A variable of one signal (OTEL_EXPORTER_OTLP_TRACES_HEADERS) stands
 * above the common one. Headers hold keys: they are never shown, and never in a
 * journal.
 */
#ifndef TRACKER_OTLP_CONFIG_H
#define TRACKER_OTLP_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "http/http.h"
#include "tracker/plan.h"

enum otlp_signal { OTLP_METRICS, OTLP_TRACES, OTLP_LOGS, OTLP_SIGNALS };

/* The way of one signal. */
struct otlp_way {
	char *url; /* without its login */
	bool off;  /* OTEL_METRICS_EXPORTER=none: this signal isn't sent */
	bool gzip;
	char **headers; /* "Name: value"; secrets */
	size_t header_len;
	char *user, *password; /* of the address; or NULL */
	char *ca, *client_cert, *client_key;
	int64_t timeout_ms; /* 0: nobody has set one */
};

struct otlp_config {
	bool disabled; /* OTEL_SDK_DISABLED: nothing is sent at all */
	struct otlp_way ways[OTLP_SIGNALS];
	/* OTEL_RESOURCE_ATTRIBUTES, with OTEL_SERVICE_NAME as service.name. */
	struct pair *resource;
	size_t resource_len;
	/* Notes for the report: settings that are not used. */
	char **notes;
	size_t note_len;
};

/* "metrics", "traces", "logs". */
const char *otlp_signal_name(enum otlp_signal signal);

/* Reads the environment. Zeroed before; released in any case. */
void otlp_config_load(struct otlp_config *c, const struct plan *plan);
void otlp_config_release(struct otlp_config *c);

/* Borrows from the way. */
struct http_config otlp_way_http(const struct otlp_way *way);

/* Does the address have the port on which a Collector takes gRPC? */
bool otlp_is_grpc_port(const char *url);

/* For tracker_ops. */
char *otlp_destination(const struct plan *plan, struct err *err);

#endif
