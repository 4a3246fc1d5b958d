/*
 * What a receiver of OTLP answers: a line with the status, one with the
 * Content-Type, then the body. The words are fit for a terminal, the outcome is
 * OTLP's for the status, and nothing that was refused counts as negative.
 */
#include "tests/fuzz/fuzz.h"
#include "tracker/otlp/reply.h"

#define URL "http://receiver.example:4318/v1/traces"

/* OTLP's own list, in the specification's words. */
static bool
may_repeat(int status)
{
	return status == 0 || status == 429 || status == 502 || status == 503 ||
	    status == 504;
}

static void
check(const struct otlp_reply *r, int status)
{
	for (const char *p = r->words; *p != '\0'; p++)
		expect((unsigned char)*p >= ' ' && *p != 0x7f);
	expect(r->rejected >= 0);
	expect(!(r->too_large && r->outcome != OUTCOME_REJECTED));
	expect(!(r->nowhere && r->outcome != OUTCOME_REJECTED));
	expect((r->outcome == OUTCOME_DONE) == (r->err.message[0] == '\0'));
	if (status >= 300)
		expect((r->outcome == OUTCOME_RETRY) == may_repeat(status));
	if (status == 401 || status == 403)
		expect(r->outcome == OUTCOME_BLOCKED);
	if (r->outcome == OUTCOME_DONE)
		expect(status >= 200 && status < 300);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xcalloc(size + 1, 1), *rest = text, *line, *type;
	struct http_answer answer = {.error = ""};
	struct otlp_reply reply;
	size_t head;

	memcpy(text, data, size);
	line = strsep(&rest, "\n");
	answer.status = (int)(strtoul(line, NULL, 10) % 600);
	type = rest != NULL ? strsep(&rest, "\n") : NULL;
	head = rest != NULL ? (size_t)(rest - text) : size;
	answer.type = type != NULL ? type : "";
	answer.body = text + head;
	answer.body_len = size - head;
	answer.result = http_status_result(answer.status);
	if (answer.status < 200)
		answer.result = HTTP_LATER;
	if (answer.result != HTTP_OK)
		answer.error = "HTTP error";
	otlp_reply_read(&reply, URL, &answer);
	check(&reply, answer.status);
	free(text);
	return 0;
}
