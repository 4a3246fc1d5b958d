#include "mapping/question.h"

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

static struct json_span *
place(struct question *q, const struct json_span *key)
{
	if (json_is(key, "example_id"))
		return &q->example_id;
	if (json_is(key, "input"))
		return &q->input;
	if (json_is(key, "messages"))
		return &q->messages;
	if (json_is(key, "messages_hash"))
		return &q->messages_hash;
	if (json_is(key, "output"))
		return &q->output;
	if (json_is(key, "output_text"))
		return &q->output_text;
	if (json_is(key, "error"))
		return &q->error;
	return NULL;
}

void
question_read(struct question *q, const char *line, size_t len)
{
	struct json_span key, value, *to;
	struct jsonscan s;

	memset(q, 0, sizeof *q);
	jsonscan_init(&s, line, len);
	if (jsonscan_enter(&s, '{') < 0)
		return;
	while (jsonscan_member(&s, &key) > 0) {
		to = place(q, &key);
		if (to == NULL && !json_is(&key, "custom"))
			continue;
		if (jsonscan_value(&s, &value) < 0)
			return;
		if (to != NULL)
			*to = value;
		else
			q->replicate_key = json_member(&value, "replicate_key");
	}
}

uint64_t
question_digest(const struct question *q)
{
	struct buf text;
	uint64_t digest;

	buf_init(&text, SIZE_MAX / 2);
	json_pystr(&q->input, &text);
	buf_addc(&text, '\n');
	json_pystr(&q->messages, &text);
	buf_addc(&text, '\n');
	json_pystr(&q->messages_hash, &text);
	digest = hash_bytes(text.data, text.len);
	buf_release(&text);
	return digest;
}
