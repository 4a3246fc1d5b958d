#include "tracker/common/display.h"

#include <string.h>

#include "base/die.h"
#include "base/path.h"
#include "format/text.h"

#define SUFFIX_CHARACTERS 4
/* The digits of an ID that insideLLMs derives. */
#define ID_DIGITS 32

static bool
is_derived_id(const char *name)
{
	return strlen(name) == ID_DIGITS &&
	    strspn(name, "0123456789abcdef") == ID_DIGITS;
}

static bool
is_chosen(const char *name, const char *run_id)
{
	if (name[0] == '\0' || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	return run_id != NULL ? strcmp(name, run_id) != 0
			      : !is_derived_id(name);
}

static bool
is_given(const char *text)
{
	return text != NULL && text[0] != '\0';
}

/* The name without what makes repetitions differ; *len: so much of it counts. */
static const char *
choose(const struct entry_start *start, const char *run_id, size_t *len)
{
	const char *directory = path_base(start->run_dir), *name, *dot;

	if (is_given(start->run_name))
		name = start->run_name;
	else if (is_chosen(directory, run_id))
		name = directory;
	else if (is_given(start->config_path))
		name = path_base(start->config_path);
	else
		name = is_given(run_id) ? run_id : directory;
	*len = strlen(name);
	if (!is_given(start->run_name) && is_given(start->config_path) &&
	    name == path_base(start->config_path)) {
		dot = strrchr(name, '.');
		if (dot != NULL && dot != name)
			*len = (size_t)(dot - name);
	}
	return name;
}

char *
display_name(const struct entry_start *start, const char *run_id)
{
	const char *name, *at, *end, *suffix;
	size_t len, suffix_len = strlen(start->attempt);

	if (start->source == SOURCE_LIBRARY)
		return xstrdup(is_given(start->run_name) ? start->run_name
			: is_given(run_id)               ? run_id
							 : "run");
	name = choose(start, run_id, &len);
	suffix = start->attempt;
	if (suffix_len > SUFFIX_CHARACTERS)
		suffix += suffix_len - SUFFIX_CHARACTERS;
	at = name;
	end = name + len;
	for (size_t n = 1 + SUFFIX_CHARACTERS;
	     at < end && n < DISPLAY_CHARACTERS_MAX; n++)
		text_next(&at);
	return xasprintf("%.*s-%s", (int)(at - name), name, suffix);
}
