#include "tracker/wandb/settings.h"

#include <stdlib.h>

#include "tap.h"
#include "tracker/wandb/netrc.h"

static const char netrc[] =
    "# a comment with password secret\n"
    "machine api.wandb.ai login user password older\n"
    "machine other.example login user password wrong\n"
    "macdef init\n machine 127.0.0.1:8192 login u password macro\n\n"
    "default login anyone password everybody\n"
    "machine API.wandb.ai\n  login user\n  password thekey\n"
    "machine \"127.0.0.1:8192\" login machine account default "
    "password \"se\\\"cond\" # password not\n"
    "machine empty.example login password\n";

static const char ini[] =
    "entity = outside\n"
    "[other]\nentity = no\n"
    "[default]\n# entity = comment\n"
    "entity=  team one \r\nbase_url = http://h:1\n"
    "project = a = b\nMode : offline\n[last]\nproject = no\n";

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
	bool by_default;

	is_stolen(
	    wandb_url_host("https://api.wandb.ai"), "api.wandb.ai", "a host");
	is_stolen(wandb_url_host("http://u:p@127.0.0.1:8192/base"),
	    "127.0.0.1:8192", "user, port and path");
	is_stolen(wandb_netrc_password(netrc, "api.wandb.ai", &by_default),
	    "thekey", "netrc: a machine, its case aside, the last entry");
	ok(!by_default, "netrc: its own entry");
	is_stolen(wandb_netrc_password(netrc, "127.0.0.1:8192", &by_default),
	    "se\"cond", "netrc: with a port, quoted; macros are passed over");
	is_stolen(wandb_netrc_password(netrc, "127.0.0.1", &by_default),
	    "everybody", "netrc: the port counts; the default entry is left");
	ok(by_default, "netrc: and known for what it is");
	is_stolen(wandb_netrc_password(netrc, "empty.example", &by_default),
	    NULL, "netrc: an entry without a password stands all the same");
	is_stolen(wandb_netrc_password("machine", "machine", &by_default), NULL,
	    "netrc: cut off");
	is_stolen(wandb_netrc_password("machine m password", "m", &by_default),
	    NULL, "netrc: cut off before the word");
	is_stolen(
	    wandb_netrc_password("machine m password \"open", "m", &by_default),
	    "open", "netrc: cut off in the word");
	is_stolen(wandb_netrc_password(
		      "macdef m\r\nmachine\r\n\r\ndefault password p\r\n", "m",
		      &by_default),
	    "p", "netrc: line ends of another system");
	is_stolen(wandb_ini_value(ini, "entity"), "team one", "ini: a value");
	is_stolen(
	    wandb_ini_value(ini, "project"), "a = b", "ini: its section alone");
	is_stolen(
	    wandb_ini_value(ini, "mode"), "offline", "ini: the other sign");
	is_stolen(wandb_ini_value(ini, "key"), NULL, "ini: none");
	ok(wandb_key_is_valid(forty), "a key of 40 characters");
	ok(!wandb_key_is_valid(forty + 1), "39 are too few");
	snprintf(key, sizeof(key), "local-%s", forty);
	ok(wandb_key_is_valid(key), "a prefix is not counted");
	snprintf(key, sizeof(key), "%s%s", "local-", forty + 1);
	ok(!wandb_key_is_valid(key), "nor taken for the key");
	snprintf(key, sizeof(key), "%s x", forty);
	ok(!wandb_key_is_valid(key), "a blank is none of a key's");
	snprintf(key, sizeof(key), "p-%.20s-%s", forty, forty + 21);
	ok(wandb_key_is_valid(key), "a dash may be in a key");
	snprintf(key, sizeof(key), "%s!", forty);
	ok(!wandb_key_is_valid(key), "other characters may not");
	ok(wandb_key_is_valid("eyJ.e30.s-g_"), "a token in three parts");
	ok(!wandb_key_is_valid("eyJ..s"), "none of them empty");
	return done_testing();
}
