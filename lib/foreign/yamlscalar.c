#include "foreign/yamlscalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "foreign/yamltime.h"
#include "format/number.h"
#include "format/text.h"

#define TAG_PREFIX "tag:yaml.org,2002:"
/* A raw byte may become the three of U+FFFD. */
#define GROWTH_MAX 3
/* Python reads no more, and the time of ours grows with the square. */
#define DIGITS_MAX 4300
#define BASE_60    60
#define CHUNK      1000000000u /* of a large integer */
#define CHUNK_SIZE 9

static const char digits_2[] = "01", digits_8[] = "01234567",
		  digits_10[] = "0123456789",
		  digits_16[] = "0123456789abcdefABCDEF";

static bool
is_one_of(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(text, *words) == 0)
			return true;
	return false;
}

static bool
is_null(const char *text)
{
	static const char *const words[] = {
	    "", "~", "null", "Null", "NULL", NULL};

	return is_one_of(text, words);
}

static const char *const true_words[] = {
    "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
static const char *const false_words[] = {
    "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF", NULL};

static const char *
skip_sign(const char *at)
{
	return at + (*at == '-' || *at == '+');
}

/* Behind the digits and underscores that begin with a digit; NULL: none. */
static const char *
skip_digits(const char *at, const char *digits)
{
	if (*at == '\0' || *at == '_' || strchr(digits, *at) == NULL)
		return NULL;
	while (*at != '\0' && (*at == '_' || strchr(digits, *at) != NULL))
		at++;
	return at;
}

/* Behind (:[0-5]?[0-9])+; NULL: none. */
static const char *
skip_sixties(const char *at)
{
	if (*at != ':')
		return NULL;
	while (*at == ':') {
		size_t len = strspn(at + 1, digits_10);

		if (len == 0 || len > 2 || (len == 2 && at[1] > '5'))
			return NULL;
		at += 1 + len;
	}
	return at;
}

static bool
ends(const char *at)
{
	return at != NULL && *at == '\0';
}

static bool
looks_integer(const char *text)
{
	const char *at = skip_sign(text), *end;

	if (at[0] == '0' && at[1] == 'b')
		return at[2] != '\0' && at[2 + strspn(at + 2, "01_")] == '\0';
	if (at[0] == '0' && at[1] == 'x')
		return at[2] != '\0' &&
		    at[2 + strspn(at + 2, "0123456789abcdefABCDEF_")] == '\0';
	if (at[0] == '0')
		return ends(skip_digits(at, digits_8));
	end = skip_digits(at, digits_10);
	return ends(end) || (end != NULL && ends(skip_sixties(end)));
}

/* Behind what may stand at a number's end: [eE][-+][0-9]+, or nothing. */
static const char *
skip_exponent(const char *at)
{
	size_t len;

	if (*at != 'e' && *at != 'E')
		return at;
	if (at[1] != '-' && at[1] != '+')
		return NULL;
	len = strspn(at + 2, digits_10);
	return len > 0 ? at + 2 + len : NULL;
}

static bool
looks_double(const char *text)
{
	static const char *const infinities[] = {".inf", ".Inf", ".INF", NULL};
	static const char *const nans[] = {".nan", ".NaN", ".NAN", NULL};
	const char *at = skip_sign(text), *end;

	if (is_one_of(text, nans) || is_one_of(at, infinities))
		return true;
	if (text[0] == '.') {
		end = skip_digits(text + 1, digits_10);
		return end != NULL && ends(skip_exponent(end));
	}
	at = skip_digits(at, digits_10);
	if (at == NULL)
		return false;
	end = skip_sixties(at);
	if (end != NULL)
		return *end == '.' &&
		    end[1 + strspn(end + 1, "0123456789_")] == '\0';
	return *at == '.' &&
	    ends(skip_exponent(at + 1 + strspn(at + 1, "0123456789_")));
}

/* Without underscores. Allocated. */
static char *
without_underscores(const char *text)
{
	char *copy = xstrdup(text), *to = copy;

	for (const char *at = copy; *at != '\0'; at++)
		if (*at != '_')
			*to++ = *at;
	*to = '\0';
	return copy;
}

/* A positive integer of any size, in chunks of nine decimal digits, the lowest
 * first. */
struct large {
	uint32_t chunks[DIGITS_MAX / CHUNK_SIZE + 2];
	size_t len;
};

static int
large_take(struct large *n, unsigned base, unsigned digit)
{
	uint64_t carry = digit;

	for (size_t i = 0; i < n->len; i++) {
		carry += (uint64_t)n->chunks[i] * base;
		n->chunks[i] = (uint32_t)(carry % CHUNK);
		carry /= CHUNK;
	}
	if (carry == 0)
		return 0;
	if (n->len == sizeof n->chunks / sizeof n->chunks[0])
		return -ERANGE;
	n->chunks[n->len++] = (uint32_t)carry;
	return 0;
}

static void
large_value(const struct large *n, bool negative, struct yaml_value *value)
{
	char *text = xasprintf("%s%u", negative ? "-" : "",
	    n->len > 0 ? n->chunks[n->len - 1] : 0u);
	char *end;

	for (size_t i = n->len > 0 ? n->len - 1 : 0; i-- > 0;) {
		char *longer = xasprintf("%s%09u", text, n->chunks[i]);

		free(text);
		text = longer;
	}
	errno = 0;
	value->integer = strtoll(text, &end, 10);
	value->kind = errno == 0 ? YAML_IS_INTEGER : YAML_IS_LARGE;
	value->text = errno == 0 ? NULL : text;
	if (errno == 0)
		free(text);
}

static unsigned
digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	return (unsigned)((c | 0x20) - 'a') + 10;
}

static int
take_digits(struct large *n, const char *at, unsigned base, const char *digits)
{
	int result = *at != '\0' ? 0 : -EINVAL;

	for (; result == 0 && *at != '\0'; at++)
		result = strchr(digits, *at) == NULL
		    ? -EINVAL
		    : large_take(n, base, digit_of(*at));
	return result;
}

/* Numbers with colons between them, of the base sixty. */
static int
take_sixties(struct large *n, const char *at)
{
	int result = 0;

	while (result == 0) {
		struct large part = {.len = 0};
		size_t len = strcspn(at, ":");
		char *digits = xstrndup(at, len);

		result = take_digits(&part, digits, 10, digits_10);
		/* A part behind a colon is below 60; the first is any. */
		if (result == 0 && n->len == 0)
			*n = part;
		else if (result == 0)
			result = large_take(
			    n, BASE_60, part.len > 0 ? part.chunks[0] : 0);
		free(digits);
		if (at[len] == '\0')
			break;
		at += len + 1;
	}
	return result;
}

/* As PyYAML's construct_yaml_int. */
static int
read_integer(const char *text, struct yaml_value *value)
{
	char *plain = without_underscores(text);
	const char *at = skip_sign(plain);
	struct large n = {.len = 0};
	int result;

	if (at[0] == '0' && at[1] == 'b')
		result = take_digits(&n, at + 2, 2, digits_2);
	else if (at[0] == '0' && at[1] == 'x')
		result = take_digits(&n, at + 2, 16, digits_16);
	else if (at[0] == '0')
		result = take_digits(&n, at, 8, digits_8);
	else if (strchr(at, ':') != NULL)
		result = take_sixties(&n, at);
	else
		result = take_digits(&n, at, 10, digits_10);
	if (result == 0)
		large_value(&n, plain[0] == '-', value);
	free(plain);
	return result;
}

/* The sum of parts with colons between them, by the base sixty, from the end:
 * the same operations as PyYAML's. */
static int
read_sixty_doubles(char *text, double *value)
{
	double base = 1, part;
	char *colon;

	*value = 0;
	do {
		colon = strrchr(text, ':');
		if (!number_parse(colon != NULL ? colon + 1 : text, &part))
			return -EINVAL;
		*value += part * base;
		base *= BASE_60;
		if (colon != NULL)
			*colon = '\0';
	} while (colon != NULL);
	return 0;
}

/* As PyYAML's construct_yaml_float. */
static int
read_double(const char *text, struct yaml_value *value)
{
	char *plain = without_underscores(text), *at = plain;
	bool negative = *at == '-';
	int result = 0;

	if (*at == '-' || *at == '+')
		at++;
	if (strcasecmp(at, ".inf") == 0)
		value->number = INFINITY;
	else if (strcasecmp(at, ".nan") == 0)
		value->number = NAN;
	else if (strchr(at, ':') != NULL)
		result = read_sixty_doubles(at, &value->number);
	else if (!number_parse(at, &value->number))
		result = -EINVAL;
	if (negative)
		value->number = -value->number;
	value->kind = YAML_IS_DOUBLE;
	free(plain);
	return result;
}

static int
read_bool(const char *text, struct yaml_value *value)
{
	static const char *const yes[] = {"yes", "true", "on"};
	static const char *const no[] = {"no", "false", "off"};

	value->kind = YAML_IS_BOOL;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		value->boolean = strcasecmp(text, yes[i]) == 0;
		if (value->boolean || strcasecmp(text, no[i]) == 0)
			return 0;
	}
	return -EINVAL;
}

static int
read_text(const struct yaml_scalar *s, struct yaml_value *value)
{
	struct buf text;

	buf_init(&text, GROWTH_MAX * s->len + 1);
	buf_adds(&text, "");
	text_from_bytes(&text, s->bytes, s->len);
	value->kind = YAML_IS_TEXT;
	value->text = buf_steal(&text);
	return 0;
}

static int
read_time(const char *bytes, struct yaml_value *value)
{
	char *text = yaml_time_text(bytes);

	if (text == NULL)
		return -EINVAL;
	value->kind = YAML_IS_TEXT;
	value->text = text;
	return 0;
}

/* By the tag that the document gives. */
static int
read_tagged(
    const struct yaml_scalar *s, const char *tag, struct yaml_value *value)
{
	if (strcmp(tag, "str") == 0)
		return read_text(s, value);
	if (strcmp(tag, "int") == 0)
		return read_integer(s->bytes, value);
	if (strcmp(tag, "float") == 0)
		return read_double(s->bytes, value);
	if (strcmp(tag, "bool") == 0)
		return read_bool(s->bytes, value);
	if (strcmp(tag, "timestamp") == 0)
		return read_time(s->bytes, value);
	if (strcmp(tag, "binary") == 0)
		value->kind = YAML_IS_BYTES;
	else if (strcmp(tag, "null") == 0)
		value->kind = YAML_IS_NULL;
	else
		return -EINVAL;
	return 0;
}

int
yaml_scalar_value(const struct yaml_scalar *s, struct yaml_value *value)
{
	const char *text = s->bytes;

	*value = (struct yaml_value){.kind = YAML_IS_NULL};
	if (s->tag != NULL && strcmp(s->tag, "!") != 0)
		return strncmp(s->tag, TAG_PREFIX, strlen(TAG_PREFIX)) == 0
		    ? read_tagged(s, s->tag + strlen(TAG_PREFIX), value)
		    : -EINVAL;
	/* With the tag "!" Python takes it for a plain one. */
	if ((!s->plain && s->tag == NULL) || strlen(text) != s->len)
		return read_text(s, value);
	if (is_null(text))
		return 0;
	if (is_one_of(text, true_words) || is_one_of(text, false_words))
		return read_bool(text, value);
	if (looks_double(text))
		return read_double(text, value);
	if (looks_integer(text))
		return read_integer(text, value);
	if (yaml_time_looks(text))
		return read_time(text, value);
	return read_text(s, value);
}

bool
yaml_scalar_is_merge(const struct yaml_scalar *s)
{
	bool has_tag = s->tag != NULL && strcmp(s->tag, "!") != 0;

	if (has_tag)
		return strcmp(s->tag, TAG_PREFIX "merge") == 0;
	return (s->plain || s->tag != NULL) && strcmp(s->bytes, "<<") == 0;
}
