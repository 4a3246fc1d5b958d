/* Decides which targets --notify takes, and that an address is none: others see a
 * command line in a list of processes. */
#include "wrap/options/private.h"

#include <stdio.h>
#include <string.h>

#define NONE    "no"
#define COMMAND "command:"
#define WANDB   "wandb"

/* A target that is an address, and the option that has it. */
static const struct {
	const char *target;
	int address;
} services[] = {
    {"slack", OPT_NOTIFY_SLACK},
    {"discord", OPT_NOTIFY_DISCORD},
    {"webhook", OPT_NOTIFY_WEBHOOK},
};

#define SERVICES (sizeof(services) / sizeof(services[0]))

/* The ID of the option that has the target's address; -1: it needs none. */
static int
address_of(const char *target)
{
	for (size_t i = 0; i < SERVICES; i++)
		if (strcmp(services[i].target, target) == 0)
			return services[i].address;
	return -1;
}

const char *
options_notify_address(const struct options *options, const char *target)
{
	int id = address_of(target);

	return id >= 0 ? options->value[id] : NULL;
}

static int
refuse_address(struct parse *p, const char *label)
{
	return options_complain(p,
	    "%s takes no address, which others could see: write slack, discord "
	    "or webhook, and put the address into ITRACK_NOTIFY_SLACK, "
	    "_DISCORD or _WEBHOOK, or as notify-slack = ADDRESS into the "
	    "config file",
	    label);
}

int
options_check_notify(struct parse *p, const char *label, const char *value)
{
	char hint[NEAREST_HINT_MAX];
	struct nearest nearest;

	if (strcmp(value, NONE) == 0 || strcmp(value, WANDB) == 0 ||
	    address_of(value) >= 0)
		return 0;
	if (strncmp(value, COMMAND, strlen(COMMAND)) == 0) {
		if (value[strlen(COMMAND)] != '\0')
			return 0;
		return options_complain(
		    p, "%s is \"" COMMAND "\", without a program", label);
	}
	if (strstr(value, "//") != NULL || strchr(value, '@') != NULL ||
	    strncmp(value, "http", 4) == 0)
		return refuse_address(p, label);
	nearest_init(&nearest, value);
	for (size_t i = 0; i < SERVICES; i++)
		nearest_offer(&nearest, services[i].target);
	nearest_offer(&nearest, WANDB);
	nearest_hint(&nearest, "", hint);
	return options_complain(p,
	    "%s is \"%.60s\", not command:PROGRAM, slack, discord, webhook or "
	    "wandb%s",
	    label, value, hint);
}

int
options_add_notify(struct parse *p, const char *label, const char *value,
    enum option_source source)
{
	struct options *o = p->options;

	if (source > o->source[OPT_NOTIFY] || strcmp(value, NONE) == 0)
		o->notify_len = 0;
	if (strcmp(value, NONE) == 0)
		return 0;
	for (size_t i = 0; i < o->notify_len; i++)
		if (strcmp(o->notify[i], value) == 0)
			return 0;
	if (o->notify_len == OPTIONS_NOTIFY_MAX)
		return options_complain(
		    p, "%s: more than %d targets", label, OPTIONS_NOTIFY_MAX);
	o->notify[o->notify_len++] = value;
	return 0;
}

int
options_check_addresses(struct parse *p)
{
	const struct options *o = p->options;

	for (size_t i = 0; i < o->notify_len; i++) {
		int id = address_of(o->notify[i]);

		if (id >= 0 && o->value[id] == NULL)
			return options_complain(p,
			    "--notify %s has no address: set %s, or %s = "
			    "ADDRESS in the config file",
			    o->notify[i], options_at(id)->variable,
			    options_at(id)->name);
		if (strcmp(o->notify[i], WANDB) == 0 &&
		    !options_tracks(o, WANDB))
			return options_complain(p,
			    "--notify wandb needs the run to be there: --track "
			    "wandb");
	}
	return 0;
}
