/* Decides which values an option may have, and what a value means:
 * seconds, counts, choices, tags, tracking URIs, lists of trackers. */
#include "wrap/options/private.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "format/trackinguri.h"

#include "base/uri.h"

#define INTERVAL_MIN 0.1
#define SECONDS_MAX  86400 /* a day; who wants more wants itrack sync */
#define POINTS_MIN   2
#define POINTS_MAX   1000000000

/* What was allocated, so that it stays reachable: it lives as long as the
 * process. */
struct kept {
	struct kept *next;
	_Alignas(max_align_t) char data[];
};

static struct kept *all_kept;

void *
options_allocate(size_t size)
{
	struct kept *k = calloc(1, sizeof(*k) + size);

	if (k == NULL)
		return NULL;
	k->next = all_kept;
	all_kept = k;
	return k->data;
}

char *
options_keep(const char *text, size_t len)
{
	char *copy = options_allocate(len + 1);

	return copy != NULL ? memcpy(copy, text, len) : NULL;
}

void
options_forget(void)
{
	while (all_kept != NULL) {
		struct kept *next = all_kept->next;

		free(all_kept);
		all_kept = next;
	}
}

int
options_complain(struct parse *p, const char *format, ...)
{
	va_list ap;
	int used = 0;

	if (p->failed)
		return -1;
	p->failed = true;
	if (p->file != NULL)
		used = snprintf(p->message, OPTIONS_MESSAGE_MAX,
		    "%s:%u: ", p->file, p->line);
	if (used < 0 || used >= OPTIONS_MESSAGE_MAX)
		used = 0;
	va_start(ap, format);
	vsnprintf(p->message + used, (size_t)(OPTIONS_MESSAGE_MAX - used),
	    format, ap);
	va_end(ap);
	for (char *c = p->message; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	return -1;
}

static const char *
skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* Length up to the last character that is no blank. */
static size_t
trimmed(const char *text, size_t len)
{
	while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t'))
		len--;
	return len;
}

static int
add_tracker(struct parse *p, const char *name, size_t len)
{
	const struct tracker_about *about;
	char word[64], hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	for (size_t i = 0; (about = tracker_about_at(i)) != NULL; i++)
		if (strncmp(about->name, name, len) == 0 &&
		    about->name[len] == '\0') {
			p->trackers |= 1u << i;
			return 0;
		}
	snprintf(word, sizeof(word), "%.*s", (int)(len < 60 ? len : 60), name);
	nearest_init(&nearest, word);
	for (size_t i = 0; options_tracker(i) != NULL; i++)
		nearest_offer(&nearest, options_tracker(i));
	nearest_hint(&nearest, "", hint);
	if (hint[0] != '\0')
		return options_complain(p, "unknown tracker %s%s", word, hint);
	len = 0;
	for (size_t i = 0; options_tracker(i) != NULL && len < sizeof(hint);
	     i++)
		len += (size_t)snprintf(hint + len, sizeof(hint) - len, "%s%s",
		    i > 0 ? ", " : "", options_tracker(i));
	return options_complain(
	    p, "unknown tracker %s (known: %s)", word, hint);
}

static int
add_trackers(struct parse *p, const char *label, const char *list)
{
	unsigned before = p->trackers;
	bool any = false;

	p->trackers = 0;
	while (*(list = skip_blanks(list)) != '\0') {
		size_t len = strcspn(list, ",");
		size_t word = trimmed(list, len);

		if (word > 0 && add_tracker(p, list, word) != 0)
			return -1;
		any |= word > 0;
		list += len + (list[len] == ',');
	}
	p->trackers |= before;
	if (!any)
		return options_complain(
		    p, "%s names no tracker (%s)", label, options_tracker(0));
	return 0;
}

/* "all|safe|none": is the value one of them? */
static int
check_choice(
    struct parse *p, const char *label, const char *value, const char *choices)
{
	char words[64], hint[NEAREST_HINT_MAX];
	struct nearest nearest;
	char *word, *rest = words;

	nearest_init(&nearest, value);
	snprintf(words, sizeof(words), "%s", choices);
	while ((word = strsep(&rest, "|")) != NULL) {
		if (strcmp(word, value) == 0)
			return 0;
		nearest_offer(&nearest, word);
	}
	nearest_hint(&nearest, "", hint);
	return options_complain(
	    p, "%s is \"%.60s\", not one of %s%s", label, value, choices, hint);
}

static bool
is_seconds(const char *value)
{
	size_t digits = strspn(value, "0123456789");
	const char *rest = value + digits;
	size_t fraction = 0;

	if (*rest == '.')
		fraction = strspn(++rest, "0123456789");
	if (digits + fraction == 0 || rest[fraction] != '\0')
		return false;
	return strtod(value, NULL) <= SECONDS_MAX;
}

static bool
is_points(const char *value)
{
	long points;

	if (strcmp(value, "all") == 0)
		return true;
	if (value[0] == '\0' || value[strspn(value, "0123456789")] != '\0')
		return false;
	errno = 0;
	points = strtol(value, NULL, 10);
	return errno == 0 && points >= POINTS_MIN && points <= POINTS_MAX;
}

/* A flag's value in words: 1, 0, or -1 for none of them. */
static int
flag_of(const char *value)
{
	static const char *const words[] = {
	    "no", "yes", "false", "true", "off", "on", "0", "1"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcmp(value, words[i]) == 0)
			return i % 2 == 1;
	return -1;
}

/* The same where 0 and 1 are numbers. */
static int
flag_word(const char *value)
{
	return isdigit((unsigned char)value[0]) ? -1 : flag_of(value);
}

static bool
is_interval(const char *value)
{
	return flag_word(value) >= 0 ||
	    (is_seconds(value) && strtod(value, NULL) >= INTERVAL_MIN);
}

static int
check_number(struct parse *p, enum option_form form, const char *label,
    const char *value)
{
	switch (form) {
	case FORM_INTERVAL:
		if (!is_interval(value))
			return options_complain(p,
			    "%s is \"%.60s\", not seconds from %g to %d, and "
			    "not no",
			    label, value, INTERVAL_MIN, SECONDS_MAX);
		return 0;
	case FORM_SECONDS:
		if (!is_seconds(value))
			return options_complain(p,
			    "%s is \"%.60s\", not seconds from 0 to %d", label,
			    value, SECONDS_MAX);
		return 0;
	case FORM_POINTS:
		if (!is_points(value))
			return options_complain(p,
			    "%s is \"%.60s\", not a number from %d to %d or "
			    "all",
			    label, value, POINTS_MIN, POINTS_MAX);
		return 0;
	default:
		return 0;
	}
}

static int
check(struct parse *p, const struct option_row *row, const char *label,
    const char *value)
{
	char why[URI_WHY_MAX];

	switch (row->form) {
	case FORM_FLAG:
	case FORM_SWITCH:
		if (value != NULL && flag_of(value) < 0)
			return options_complain(p,
			    "%s is a flag: yes or no, not \"%.60s\"", label,
			    value);
		return 0;
	case FORM_OPTIONAL_WORD:
		if (value == NULL || flag_of(value) >= 0)
			return 0;
		return check_choice(p, label, value, row->choices);
	case FORM_TEXT:
		return 0;
	case FORM_URL:
	case FORM_SECRET_URL:
		/* It may hold a secret: it is not shown. */
		if (!uri_is_fit(value, row->choices, why))
			return options_complain(p, "%s %s", label, why);
		return 0;
	case FORM_NAME:
	case FORM_PATH:
	case FORM_TRACKING_URI: /* tracking_uri looks at the rest */
		if (value[0] == '\0')
			return options_complain(p, "%s is empty", label);
		return 0;
	case FORM_PAIR:
		if (strchr(value, '=') == NULL || value[0] == '=')
			return options_complain(
			    p, "%s is \"%.60s\", not NAME=VALUE", label, value);
		return 0;
	case FORM_TRACKERS:
		return 0; /* add_trackers looks at each name */
	case FORM_CHOICE:
		return check_choice(p, label, value, row->choices);
	case FORM_INTERVAL:
	case FORM_SECONDS:
	case FORM_POINTS:
		return check_number(p, row->form, label, value);
	case FORM_NOTIFY:
		return options_check_notify(p, label, value);
	case FORM_RULE:
		return options_check_rule(p, label, value);
	}
	return 0;
}

/* The URI as a tracker takes it: a directory by its path. NULL: it is none. A
 * variable that may be meant for others (the program names no trackers) is no
 * mistake of the command line: who delivers there will say it. */
static const char *
tracking_uri(struct parse *p, const char *label, const char *value,
    enum option_source source)
{
	char why[TRACKING_URI_MESSAGE_MAX], *path;
	struct tracking_place place;

	tracking_uri_read(
	    &place, value, getenv("HOME"), access(value, F_OK) == 0);
	if (place.kind == TRACKING_URI_PATH) {
		path = options_allocate(
		    strlen(place.before) + strlen(place.path) + 1);
		if (path != NULL)
			stpcpy(stpcpy(path, place.before), place.path);
		return path;
	}
	if (place.kind != TRACKING_URI_UNKNOWN)
		return value;
	if (source == FROM_ENVIRONMENT &&
	    (options_at(OPT_TRACK)->programs & (unsigned)p->program) == 0)
		return value;
	tracking_uri_complain(value, why, sizeof why);
	options_complain(p, "%s: %s", label, why);
	return NULL;
}

static int
add_tag(struct parse *p, const char *label, const char *value)
{
	struct options *o = p->options;

	if (o->tag_len == OPTIONS_TAGS_MAX)
		return options_complain(
		    p, "%s: more than %d tags", label, OPTIONS_TAGS_MAX);
	o->tags[o->tag_len++] = value;
	return 0;
}

static int
add_item(struct parse *p, int id, const char *label, const char *value)
{
	struct options *o = p->options;

	if (o->item_len == OPTIONS_ITEMS_MAX)
		return options_complain(p,
		    "%s: more than %d metrics, params, artifacts or rules",
		    label, OPTIONS_ITEMS_MAX);
	o->items[o->item_len++] =
	    (struct option_item){.id = id, .value = value};
	return 0;
}

int
options_set(struct parse *p, const struct option_row *row, const char *label,
    const char *value, enum option_source source)
{
	struct options *o = p->options;
	unsigned trackers = p->trackers;
	bool wins = source >= o->source[row->id];

	if (check(p, row, label, value) != 0)
		return -1;
	if (row->form == FORM_TRACKERS) {
		if (source > o->source[row->id])
			p->trackers = 0;
		if (add_trackers(p, label, value) != 0)
			return -1;
		if (!wins)
			p->trackers = trackers;
	}
	if (!wins)
		return 0;
	if (row->form == FORM_TRACKING_URI &&
	    (value = tracking_uri(p, label, value, source)) == NULL)
		return options_complain(p, "%s: out of memory", label);
	if (row->form == FORM_SWITCH)
		value = value != NULL && flag_of(value) == 0 ? "no" : NULL;
	if (row->form == FORM_FLAG || row->form == FORM_OPTIONAL_WORD) {
		if (value == NULL || flag_of(value) == 1)
			value = "1";
		else if (flag_of(value) == 0)
			value = NULL;
	}
	if (row->form == FORM_INTERVAL && flag_word(value) >= 0)
		value = flag_word(value) > 0 ? row->fallback : NULL;
	if ((row->id == OPT_METRIC || row->id == OPT_PARAM ||
		row->id == OPT_ARTIFACT || row->id == OPT_FAIL_IF) &&
	    add_item(p, row->id, label, value) != 0)
		return -1;
	if (row->id == OPT_NOTIFY &&
	    options_add_notify(p, label, value, source) != 0)
		return -1;
	if (row->id == OPT_STOP_IF &&
	    options_add_rule(p, label, value, source) != 0)
		return -1;
	if (row->id == OPT_TAG) {
		if (source > o->source[OPT_TAG])
			o->tag_len = 0;
		if (add_tag(p, label, value) != 0)
			return -1;
	}
	o->value[row->id] = value;
	o->source[row->id] = source;
	return 0;
}
