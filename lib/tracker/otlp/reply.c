#include "tracker/otlp/reply.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "foreign/json.h"
#include "format/text.h"
#include "tracker/common/alone.h"
#include "tracker/otlp/config.h"

/* So much of a receiver's words fits into a line of ours. */
#define WORDS_SHOWN 300

enum {
	HTTP_REDIRECT = 300,
	HTTP_BAD_REQUEST = 400,
	HTTP_UNAUTHORIZED = 401,
	HTTP_FORBIDDEN = 403,
	HTTP_NOT_FOUND = 404,
	HTTP_NOT_ALLOWED = 405,
	HTTP_PROXY_LOGIN = 407,
	HTTP_TOO_LARGE = 413,
	HTTP_TOO_MANY = 429,
	HTTP_BAD_GATEWAY = 502,
	HTTP_UNAVAILABLE = 503,
	HTTP_GATEWAY_TIMEOUT = 504,
};

/* Wire types and field numbers of the two messages that are read. */
enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };
enum { RESPONSE_PARTIAL = 1, PARTIAL_REJECTED = 1, PARTIAL_MESSAGE = 2 };
enum { STATUS_MESSAGE = 2 };

struct field {
	uint64_t number, value;
	const char *bytes;
	size_t len;
};

static bool
read_varint(const char **at, const char *end, uint64_t *value)
{
	*value = 0;
	for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
		unsigned char byte = (unsigned char)*(*at)++;

		*value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return true;
	}
	return false;
}

/* Takes the next field of a message; false: there is none, or it is broken. */
static bool
read_field(const char **at, const char *end, struct field *f)
{
	uint64_t tag, len;

	*f = (struct field){0};
	if (!read_varint(at, end, &tag))
		return false;
	f->number = tag >> 3;
	switch (tag & 7) {
	case WIRE_VARINT:
		return read_varint(at, end, &f->value);
	case WIRE_64:
	case WIRE_32:
		len = (tag & 7) == WIRE_64 ? 8 : 4;
		break;
	case WIRE_BYTES:
		if (!read_varint(at, end, &len))
			return false;
		break;
	default:
		return false;
	}
	if (len > (uint64_t)(end - *at))
		return false;
	f->bytes = *at;
	f->len = (size_t)len;
	*at += len;
	return true;
}

/* A receiver's words, on one line that a terminal may show. */
static void
take_words(struct otlp_reply *reply, const char *bytes, size_t len)
{
	struct buf text, shown;

	while (len > 0 && strchr(" \t\r\n", bytes[len - 1]) != NULL)
		len--;
	if (len > WORDS_SHOWN)
		len = WORDS_SHOWN;
	buf_init(&text, 4 * WORDS_SHOWN + 1);
	buf_init(&shown, 16 * WORDS_SHOWN + 1);
	text_from_bytes(&text, bytes, len);
	text_escape(&shown, text.data != NULL ? text.data : "");
	snprintf(reply->words, sizeof reply->words, "%s",
	    shown.data != NULL ? shown.data : "");
	buf_release(&text);
	buf_release(&shown);
}

static void
read_partial(struct otlp_reply *reply, const char *bytes, size_t len)
{
	const char *at = bytes, *end = bytes + len;
	struct field f;

	while (read_field(&at, end, &f))
		if (f.number == PARTIAL_REJECTED && f.bytes == NULL)
			reply->rejected = (int64_t)f.value;
		else if (f.number == PARTIAL_MESSAGE && f.bytes != NULL)
			take_words(reply, f.bytes, f.len);
	if (reply->rejected < 0)
		reply->rejected = 0;
}

static bool
is_protobuf(const struct http_answer *answer)
{
	return strncasecmp(answer->type, "application/x-protobuf",
		   strlen("application/x-protobuf")) == 0;
}

/* An answer may be empty, and what some receivers send is of no known form. */
static void
read_success(struct otlp_reply *reply, const struct http_answer *answer)
{
	const char *at = answer->body, *end = at + answer->body_len;
	struct field f;

	if (!is_protobuf(answer) && answer->type[0] != '\0')
		return;
	while (answer->body_len > 0 && read_field(&at, end, &f))
		if (f.number == RESPONSE_PARTIAL && f.bytes != NULL)
			read_partial(reply, f.bytes, f.len);
}

/* What a failure says: google.rpc.Status as protobuf or JSON, or plain text. */
static void
read_failure(struct otlp_reply *reply, const struct http_answer *answer)
{
	const char *at = answer->body, *end = at + answer->body_len;
	struct err why = ERR_INIT;
	const char *message;
	cJSON *doc = NULL;
	struct field f;

	if (answer->body_len == 0 || http_is_page(answer))
		return;
	if (is_protobuf(answer)) {
		while (read_field(&at, end, &f))
			if (f.number == STATUS_MESSAGE && f.bytes != NULL)
				take_words(reply, f.bytes, f.len);
		return;
	}
	json_document(answer->body, answer->body_len, &doc, &why);
	message = json_at_text(doc, "message");
	if (message == NULL)
		message = json_at_text(doc, "error");
	if (message != NULL)
		take_words(reply, message, strlen(message));
	else if (!cJSON_IsObject(doc))
		take_words(reply, answer->body, answer->body_len);
	cJSON_Delete(doc);
}

/* VictoriaMetrics takes metrics alone, and answers another path by 400. */
static bool
says_no_path(const struct otlp_reply *reply)
{
	return strncasecmp(reply->words, "unsupported path",
		   strlen("unsupported path")) == 0;
}

static bool
says_too_old(const struct otlp_reply *reply)
{
	static const char *const words[] = {
	    "too old", "out of order", "out of bounds"};

	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strcasestr(reply->words, words[i]) != NULL)
			return true;
	return false;
}

static void
say(struct otlp_reply *reply, enum outcome outcome, const char *url,
    const char *what, const char *advice)
{
	const char *words = reply->words;

	reply->outcome = outcome;
	err_set(&reply->err, -EIO, "%s: %s%s%s%s%s", url, what,
	    advice[0] != '\0' ? ": " : "", advice, words[0] != '\0' ? ": " : "",
	    words);
}

/* No answer came. A receiver of gRPC closes the connection. */
static void
read_silence(
    struct otlp_reply *reply, const char *url, const struct http_answer *answer)
{
	const char *advice = "";

	if (otlp_is_grpc_port(url))
		advice = "4317 is the port for gRPC, which itrack does not "
			 "speak: use 4318";
	else if (answer->may_want_certificate)
		advice = "set OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and "
			 "OTEL_EXPORTER_OTLP_CLIENT_KEY";
	say(reply,
	    answer->result == HTTP_DENIED        ? OUTCOME_BLOCKED
		: answer->result == HTTP_REFUSED ? OUTCOME_REJECTED
						 : OUTCOME_RETRY,
	    url, answer->error, advice);
}

static void
read_status(
    struct otlp_reply *reply, const char *url, const struct http_answer *answer)
{
	switch (answer->status) {
	case HTTP_UNAUTHORIZED:
	case HTTP_FORBIDDEN:
	case HTTP_PROXY_LOGIN:
		say(reply, OUTCOME_BLOCKED, url, answer->error,
		    "the login is refused: set "
		    "OTEL_EXPORTER_OTLP_HEADERS=NAME=VALUE");
		break;
	case HTTP_TOO_MANY:
	case HTTP_BAD_GATEWAY:
	case HTTP_UNAVAILABLE:
	case HTTP_GATEWAY_TIMEOUT:
		say(reply, OUTCOME_RETRY, url, answer->error, "");
		break;
	case HTTP_NOT_FOUND:
	case HTTP_NOT_ALLOWED:
		reply->nowhere = true;
		say(reply, OUTCOME_REJECTED, url, answer->error, "");
		break;
	default:
		/* The request met a redirect that isn't followed, or a certificate that isn't
		 * trusted. */
		if (answer->status < HTTP_BAD_REQUEST ||
		    answer->result == HTTP_DENIED) {
			say(reply, OUTCOME_BLOCKED, url, answer->error, "");
			break;
		}
		reply->too_large = answer->status == HTTP_TOO_LARGE;
		reply->nowhere =
		    answer->status == HTTP_BAD_REQUEST && says_no_path(reply);
		reply->too_old =
		    answer->status == HTTP_BAD_REQUEST && says_too_old(reply);
		say(reply, OUTCOME_REJECTED, url, answer->error, "");
	}
}

void
otlp_reply_read(
    struct otlp_reply *reply, const char *url, const struct http_answer *answer)
{
	*reply = (struct otlp_reply){
	    .outcome = OUTCOME_DONE,
	    .status = answer->status,
	    .retry_after_ms = answer->retry_after_ms,
	    .err = ERR_INIT,
	};
	if (answer->result == HTTP_OK && http_is_page(answer)) {
		say(reply, OUTCOME_BLOCKED, url,
		    "what answers there is a web page, no receiver of OTLP",
		    "a login page or a proxy stands before it");
	} else if (answer->result == HTTP_OK) {
		read_success(reply, answer);
	} else {
		read_failure(reply, answer);
		/* An answer that was cut has a status, too. */
		if (answer->status < HTTP_REDIRECT)
			read_silence(reply, url, answer);
		else
			read_status(reply, url, answer);
		/* An answer that was cut is none. */
		reply->at_fault = reply->outcome == OUTCOME_RETRY &&
		    alone_may_fail(
			answer->status < HTTP_REDIRECT ? 0 : answer->status,
			answer->ambiguous, answer->retry_after_ms);
		reply->took_nothing = reply->outcome == OUTCOME_REJECTED &&
		    answer->status >= HTTP_BAD_REQUEST;
	}
}
