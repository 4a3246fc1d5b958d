#include "format/jsonscan.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "format/jsontoken.h"

enum {
	VALUE_NEXT, /* a value must come */
	OPENED,     /* a member or element, or the end of the container */
	VALUE_READ, /* a comma, the end of the container, or of the text */
};

/* While a value is passed over, each open container has one bit: is it an
 * object? */
#define STACK_WORDS ((JSONSCAN_DEPTH_MAX + 63) / 64)

struct stack {
	uint64_t words[STACK_WORDS];
	int depth;
};

static int
fail(struct jsonscan *s)
{
	s->error = -EBADMSG;
	return s->error;
}

static void
init_state(struct jsonscan *s, const char *bytes, size_t len)
{
	/* The span of an absent member has no bytes. */
	if (bytes == NULL)
		bytes = "";
	*s = (struct jsonscan){.at = bytes,
	    .end = bytes + len,
	    .begin = bytes,
	    .state = VALUE_NEXT};
}

void
jsonscan_init(struct jsonscan *s, const char *bytes, size_t len)
{
	init_state(s, bytes, len);
}

void
jsonscan_init_span(struct jsonscan *s, const struct json_span *span)
{
	init_state(s, span->start, span->len);
}

size_t
jsonscan_offset(const struct jsonscan *s)
{
	return (size_t)(s->at - s->begin);
}

static inline bool
top_is_object(const struct stack *open)
{
	int top = open->depth - 1;

	return (open->words[top / 64] >> (top % 64) & 1) != 0;
}

static inline void
push(struct stack *open, bool object)
{
	uint64_t bit = (uint64_t)object << (open->depth % 64);
	uint64_t *word = &open->words[open->depth / 64];

	/* The first bit of a word sets the whole word. */
	if (open->depth % 64 == 0)
		*word = bit;
	else
		*word = (*word & ~((uint64_t)1 << (open->depth % 64))) | bit;
	open->depth++;
}

/* The place behind the key, the colon and white space; NULL if they are
 * missing. */
static inline const char *
skip_key(const char *p, const char *end, struct json_span *key)
{
	key->start = p;
	key->type = JSON_STRING;
	if (p == end || *p != '"')
		return NULL;
	p = jsontoken_string(p, end, &key->plain);
	if (p == NULL)
		return NULL;
	key->len = (size_t)(p - key->start);
	p = jsontoken_space(p, end);
	if (p == end || *p != ':')
		return NULL;
	return jsontoken_space(p + 1, end);
}

/*
 * Goes on behind the value that ended before `p`: closes containers, and passes
 * over the comma (and the key) before the next value. When no container is open
 * any more, the whole value has been passed over.
 */
static inline const char *
skip_after_value(const char *p, const char *end, struct stack *open)
{
	struct json_span key;
	bool object;

	while (open->depth > 0) {
		object = top_is_object(open);
		p = jsontoken_space(p, end);
		if (p == end)
			return NULL;
		if (*p == ',') {
			p = jsontoken_space(p + 1, end);
			return object ? skip_key(p, end, &key) : p;
		}
		if (*p != (object ? '}' : ']'))
			return NULL;
		p++;
		open->depth--;
	}
	return p;
}

/* The place behind the container at `p`; NULL if it is not valid. There is no
 * recursion, because whoever wrote the file chose the depth. */
static const char *
skip_container(const char *p, const char *end, int depth_max)
{
	struct stack open = {.depth = 0};
	struct json_span ignored;
	bool object;

	do {
		if (p == end)
			return NULL;
		if (*p != '{' && *p != '[') {
			p = jsontoken_scalar(p, end, &ignored);
			if (p == NULL)
				return NULL;
			p = skip_after_value(p, end, &open);
			continue;
		}
		if (open.depth == depth_max)
			return NULL;
		object = *p == '{';
		push(&open, object);
		p = jsontoken_space(p + 1, end);
		if (p < end && *p == (object ? '}' : ']'))
			p = skip_after_value(p, end, &open);
		else if (object)
			p = skip_key(p, end, &ignored);
	} while (p != NULL && open.depth > 0);
	return p;
}

int
jsonscan_value(struct jsonscan *s, struct json_span *value)
{
	struct json_span v = {.plain = false};
	const char *p;

	if (s->error != 0)
		return s->error;
	assert(s->state == VALUE_NEXT);
	s->at = jsontoken_space(s->at, s->end);
	if (s->at == s->end)
		return fail(s);
	if (*s->at == '{' || *s->at == '[') {
		v.type = *s->at == '{' ? JSON_OBJECT : JSON_ARRAY;
		p = skip_container(
		    s->at, s->end, JSONSCAN_DEPTH_MAX - s->depth);
	} else {
		p = jsontoken_scalar(s->at, s->end, &v);
	}
	if (p == NULL)
		return fail(s);
	v.start = s->at;
	v.len = (size_t)(p - s->at);
	if (value != NULL)
		*value = v;
	s->at = p;
	s->state = VALUE_READ;
	return 0;
}

int
jsonscan_enter(struct jsonscan *s, char bracket)
{
	if (s->error != 0)
		return s->error;
	assert(s->state == VALUE_NEXT);
	s->at = jsontoken_space(s->at, s->end);
	if (s->at == s->end)
		return fail(s);
	if (*s->at != bracket)
		return *s->at != '\0' &&
			((*s->at >= '0' && *s->at <= '9') ||
			    strchr("{[\"-ntfNI", *s->at) != NULL)
		    ? -ENOENT
		    : fail(s);
	if (s->depth == JSONSCAN_DEPTH_MAX)
		return fail(s);
	s->at++;
	s->depth++;
	s->state = OPENED;
	return 0;
}

/* In an open container: returns 0 if it closes here, 1 if a member or element
 * follows; the comma before that is passed over. */
static int
next_in(struct jsonscan *s, char bracket)
{
	if (s->error == 0 && s->state == VALUE_NEXT)
		jsonscan_value(s, NULL);
	if (s->error != 0)
		return s->error;
	assert(s->depth > 0);
	s->at = jsontoken_space(s->at, s->end);
	if (s->at == s->end)
		return fail(s);
	if (*s->at == bracket) {
		s->at++;
		s->depth--;
		s->state = VALUE_READ;
		return 0;
	}
	if (s->state == VALUE_READ) {
		if (*s->at != ',')
			return fail(s);
		s->at = jsontoken_space(s->at + 1, s->end);
	}
	s->state = VALUE_NEXT;
	return 1;
}

int
jsonscan_member(struct jsonscan *s, struct json_span *key)
{
	int more = next_in(s, '}');
	const char *p;

	if (more <= 0)
		return more;
	p = skip_key(s->at, s->end, key);
	if (p == NULL)
		return fail(s);
	s->at = p;
	return 1;
}

int
jsonscan_element(struct jsonscan *s)
{
	return next_in(s, ']');
}

int
jsonscan_end(struct jsonscan *s)
{
	if (s->error != 0)
		return s->error;
	s->at = jsontoken_space(s->at, s->end);
	if (s->state != VALUE_READ || s->depth > 0 || s->at < s->end)
		return fail(s);
	return 0;
}

int
jsonscan_whole(const char *bytes, size_t len, struct json_span *value)
{
	struct jsonscan s;

	*value = (struct json_span){0};
	jsonscan_init(&s, bytes, len);
	if (jsonscan_value(&s, value) == 0 && jsonscan_end(&s) == 0)
		return 0;
	*value = (struct json_span){0};
	return -EBADMSG;
}
