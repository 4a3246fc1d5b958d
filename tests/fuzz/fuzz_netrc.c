/*
 * netrc: the first line of the input names the machine, the rest is the file.
 * An entry of another machine changes nothing.
 */
#include <strings.h>

#include "tests/fuzz/fuzz.h"
#include "tracker/wandb/netrc.h"

static const char another[] = "machine another.example password secret\n";

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size), *rest = text;
	char *machine = strsep(&rest, "\n"), *password, *again, *longer;
	bool by_default, still;

	if (rest == NULL)
		rest = machine + strlen(machine);
	password = wandb_netrc_password(rest, machine, &by_default);
	if (password != NULL)
		expect(strlen(password) <= strlen(rest));
	longer = xasprintf("%s%s", another, rest);
	again = wandb_netrc_password(longer, machine, &still);
	if (strcasecmp(machine, "another.example") != 0)
		expect(fuzz_same(password, again) && by_default == still);
	free(again);
	free(longer);
	free(password);
	free(text);
	return 0;
}
