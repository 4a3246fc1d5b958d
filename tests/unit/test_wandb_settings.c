#include "tracker/wandb_settings.h"

#include <stdlib.h>

#include "tap.h"

static const char netrc[] =
    "# a comment with password secret\n"
    "machine other.example login user password wrong\n"
    "macdef init\n machine 127.0.0.1:8192 login u password macro\n\n"
    "default login anyone password everybody\n"
    "machine API.wandb.ai\n  login user\n  password thekey\n"
    "machine 127.0.0.1:8192 login user password second";

static const char ini[] = "entity = outside\n"
			  "[other]\nentity = no\n"
			  "[default]\n# entity = comment\n"
			  "entity=  team one \r\nbase_url = http://h:1\n"
			  "project = a = b\n[last]\nproject = no\n";

static void
is_stolen(char *got, const char *want, const char *name)
{
	is_text(got, want, name);
	free(got);
}

int
main(void)
{
	static const char forty[] = "0123456789012345678901234567890123456789";
	char key[128];

	is_stolen(
	    wandb_url_host("https://api.wandb.ai"), "api.wandb.ai", "a host");
	is_stolen(wandb_url_host("http://u:p@127.0.0.1:8192/base"),
	    "127.0.0.1:8192", "user, port and path");
	is_stolen(wandb_netrc_password(netrc, "api.wandb.ai"), "thekey",
	    "netrc: a machine, its case aside");
	is_stolen(wandb_netrc_password(netrc, "127.0.0.1:8192"), "second",
	    "netrc: with a port, last word; macros are passed over");
	is_stolen(wandb_netrc_password(netrc, "127.0.0.1"), NULL,
	    "netrc: the port counts, the default entry does not");
	is_stolen(
	    wandb_netrc_password("machine", "machine"), NULL, "netrc: cut off");
	is_stolen(wandb_ini_value(ini, "entity"), "team one", "ini: a value");
	is_stolen(
	    wandb_ini_value(ini, "project"), "a = b", "ini: its section alone");
	is_stolen(wandb_ini_value(ini, "key"), NULL, "ini: none");
	ok(wandb_key_is_valid(forty), "a key of 40 characters");
	ok(!wandb_key_is_valid(forty + 1), "39 are too few");
	snprintf(key, sizeof(key), "local-%s", forty);
	ok(wandb_key_is_valid(key), "a prefix is not counted");
	snprintf(key, sizeof(key), "%s%s", "local-", forty + 1);
	ok(!wandb_key_is_valid(key), "nor taken for the key");
	snprintf(key, sizeof(key), "%s x", forty);
	ok(!wandb_key_is_valid(key), "a blank is none of a key's");
	return done_testing();
}
