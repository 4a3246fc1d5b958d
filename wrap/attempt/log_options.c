#include "wrap/attempt/log_options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/log.h"
#include "base/uri.h"
#include "journal/state_dir.h"

static void
log_option(const struct options *options, const struct option_row *row)
{
	const char *value = options->value[row->id];
	bool flag = row->form == FORM_FLAG;
	char *shown = xstrdup(flag ? "" : value);

	if (row->form == FORM_SECRET_URL)
		snprintf(shown, strlen(shown) + 1, "***");
	if (row->form == FORM_TRACKING_URI || row->form == FORM_URL)
		uri_clean(shown);
	switch (options->source[row->id]) {
	case FROM_FILE:
		log_verbose(
		    "config file: %s%s%s", row->name, flag ? "" : " = ", shown);
		break;
	case FROM_ENVIRONMENT:
		log_verbose("environment: %s=%s", row->variable, shown);
		break;
	case FROM_COMMAND_LINE:
		log_verbose("command line: --%s%s%s", row->name,
		    flag ? "" : "=", shown);
		break;
	default:
		break;
	}
	free(shown);
}

void
log_options(const struct options *options)
{
	char *state_dir;

	log_set_verbose(options_given(options, OPT_VERBOSE));
	if (!log_is_verbose())
		return;
	state_dir = state_dir_path();
	log_verbose("itrack %s, state in %s", ITRACK_VERSION,
	    state_dir != NULL
		? state_dir
		: "memory: neither XDG_STATE_HOME nor HOME is set");
	free(state_dir);
	for (int id = 0; id < options_count(); id++)
		if (options->value[id] != NULL && id != OPT_VERBOSE)
			log_option(options, options_at(id));
}
