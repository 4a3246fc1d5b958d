/*
 * A command line: the first byte chooses the program, the lines behind it are
 * the arguments. It is taken or refused with one line; what is taken has the
 * form that its option asks for.
 */
#include <ctype.h>

#include "tests/fuzz/fuzz.h"
#include "wrap/options/private.h"

#define ARGUMENTS_MAX 64

static void
check_refused(const char *message)
{
	expect(message[0] != '\0' && strlen(message) < OPTIONS_MESSAGE_MAX);
	for (const char *c = message; *c != '\0'; c++)
		expect(!iscntrl((unsigned char)*c));
}

static void
check_taken(const struct options *o, int argc)
{
	expect(o->argument_count >= 0 && o->argument_count < argc);
	for (int i = 0; i < o->argument_count; i++)
		expect(o->arguments[i] != NULL);
	expect(o->tag_len <= OPTIONS_TAGS_MAX);
	expect(o->item_len <= OPTIONS_ITEMS_MAX);
	if (options_given(o, OPT_HELP) || options_given(o, OPT_VERSION))
		return;
	expect(options_drain_ms(o) >= 0 && options_drain_ms(o) <= 86400000);
	expect(options_points(o) == 0 ||
	    (options_points(o) >= 2 && options_points(o) <= 1000000000));
	for (size_t i = 0; i < o->item_len; i++)
		if (o->items[i].id != OPT_ARTIFACT)
			expect(
			    strchr(o->items[i].value, '=') > o->items[i].value);
	for (int i = 0; i < options_count(); i++)
		expect((o->value[i] == NULL) || o->source[i] != FROM_NOWHERE);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct options options;
	char message[OPTIONS_MESSAGE_MAX];
	char *argv[ARGUMENTS_MAX + 1] = {(char *)"itrack"};
	char *text, *rest;
	int argc = 1;

	if (size == 0)
		return 0;
	clearenv();
	text = rest = xstrndup((const char *)data + 1, size - 1);
	while (rest != NULL && argc < ARGUMENTS_MAX)
		argv[argc++] = strsep(&rest, "\n");
	if (options_parse(&options, (enum program)(1 << data[0] % 8), argc,
		argv, message) == 0)
		check_taken(&options, argc);
	else
		check_refused(message);
	options_forget();
	free(text);
	return 0;
}
