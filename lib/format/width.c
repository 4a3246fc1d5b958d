#include "format/width.h"

#include <locale.h>
#include <pthread.h>
#include <stdint.h>
#include <wchar.h>

#include "format/text.h"

#define UTF8_LOCALE "C.UTF-8"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static locale_t utf8;

static void
make_locale(void)
{
	utf8 = newlocale(LC_CTYPE_MASK, UTF8_LOCALE, NULL);
}

/* Reads one character of the text, and moves behind it. */
static size_t
next_width(const char **text)
{
	int columns = wcwidth((wchar_t)text_next(text));

	return columns < 0 ? 1 : (size_t)columns;
}

/* The caller's locale; NULL: there is none to go back to. */
static locale_t
enter(void)
{
	pthread_once(&once, make_locale);
	return utf8 != NULL ? uselocale(utf8) : NULL;
}

static void
leave(locale_t before)
{
	if (before != NULL)
		uselocale(before);
}

size_t
text_fit(const char *text, size_t columns)
{
	const char *at = text, *end = text;
	locale_t before = enter();
	size_t width = 0;

	while (*at != '\0' && (width += next_width(&at)) <= columns)
		end = at;
	leave(before);
	return (size_t)(end - text);
}

size_t
text_width(const char *text)
{
	locale_t before = enter();
	size_t width = 0;

	while (*text != '\0')
		width += next_width(&text);
	leave(before);
	return width;
}
