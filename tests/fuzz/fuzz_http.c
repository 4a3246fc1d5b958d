/*
 * An HTTP answer as the bytes of the connection; the next answers, of redirects
 * and the like, are behind lines "----". The caller is called once, and what it
 * gets holds what http.h promises.
 */
#include "http/http.h"
#include "tests/fuzz/answers.h"

#define ANSWER_MAX 65536

static int calls;

static void
say(struct answers *a, struct buf *out)
{
	size_t len;
	char *part = fuzz_part(&a->at, a->end, &len);

	buf_add(out, part, len);
	free(part);
}

static void
on_done(void *data, const struct http_answer *answer)
{
	struct answers *a = data;

	calls++;
	expect(answer->body_len <= ANSWER_MAX);
	expect(answer->body[answer->body_len] == '\0');
	expect(
	    answer->retry_after_ms >= 0 && answer->retry_after_ms <= 3600000);
	expect(answer->rest_ms >= 0 && answer->rest_ms <= 3600000);
	expect(answer->type != NULL && answer->error != NULL);
	expect((answer->result == HTTP_OK) == (answer->error[0] == '\0'));
	if (answer->result == HTTP_OK)
		expect(answer->status >= 200 && answer->status < 300 &&
		    !answer->ambiguous);
	loop_stop(a->loop);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char body[] = "{}";
	struct http_config config = {.user = "u", .password = "p"};
	struct http_request request = {.method = "POST",
	    .url = "http://server.example/path",
	    .body = body,
	    .body_len = sizeof body - 1,
	    .close_plain = true,
	    .answer_max = ANSWER_MAX,
	    .done = on_done};
	struct answers answers;
	struct http *http;

	calls = 0;
	answers_open(
	    &answers, (const char *)data, (const char *)data + size, say);
	request.data = &answers;
	http = http_new(answers.loop, &config, NULL);
	expect(http != NULL);
	http_start(http, &request);
	loop_run(answers.loop);
	expect(calls == 1);
	http_free(http);
	expect(calls == 1);
	answers_close(&answers);
	return 0;
}
