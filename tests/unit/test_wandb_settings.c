#include "tracker/wandb/key.h"
#include "tracker/wandb/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "tap.h"
#include "tracker/wandb/ini.h"
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

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		die("no %s", path);
	fputs(text, f);
	fclose(f);
}

/* What comes of a server that W&B's folder in the working directory names.
 * refused, note: a word of theirs, or NULL. */
static void
address(const char *base_url, const char *note, const char *refused,
    const char *name)
{
	char *cwd = path_absolute("work");
	const struct wandb_wishes wishes = {.cwd = cwd};
	struct wandb_settings s;

	wandb_settings_load(&s, &wishes);
	is_text(s.base_url, base_url, name);
	ok((note != NULL) == (s.note != NULL) &&
		(note == NULL || strstr(s.note, note) != NULL),
	    "  note: %s", s.note != NULL ? s.note : "none");
	ok((refused != NULL) == (s.refused != NULL) &&
		(refused == NULL || strstr(s.refused, refused) != NULL),
	    "  refused: %s", s.refused != NULL ? s.refused : "none");
	wandb_settings_release(&s);
	free(cwd);
}

static void
test_addresses(void)
{
	static const char found[] = "[default]\nbase_url = "
				    "https://u:hush@found.example/p/?t=hush\n";
	const char *file = "work/wandb/settings";

	mkdir("work", 0700);
	mkdir("work/wandb", 0700);
	setenv("HOME", ".", 1);
	setenv("WANDB_CONFIG_DIR", ".", 1);
	address("https://api.wandb.ai", NULL, NULL, "no settings: W&B");
	write_file(file, found);
	address("https://api.wandb.ai", NULL,
	    "work/wandb/settings names another server, "
	    "https://found.example/p:",
	    "the folder names a server, nobody else one: to neither");
	setenv("WANDB_BASE_URL", "https://mine.example/", 1);
	address("https://mine.example", NULL, NULL, "the variable says it");
	unsetenv("WANDB_BASE_URL");
	write_file("settings", "[default]\nbase_url = https://own.example\n");
	address("https://own.example", "https://found.example/p: not followed",
	    NULL, "the user's own file stands above the folder");
	write_file(file, "[default]\nbase_url = https://OWN.example:443/p\n");
	address("https://OWN.example:443/p", NULL, NULL,
	    "the same server may be named in more detail");
	write_file(file, "[default]\nbase_url = http://own.example\n");
	address("https://own.example", "not followed", NULL,
	    "by http it is not the same");
	write_file(file, found);
	write_file(".netrc",
	    "machine found.example password "
	    "0123456789012345678901234567890123456789\n");
	address("https://found.example/p", NULL, NULL,
	    "netrc has a key for the server");
	write_file(file, "[default]\nbase_url = http://found.example\n");
	address("https://own.example", "not followed", NULL,
	    "but not in clear text");
	write_file(file, found);
	setenv("WANDB_API_KEY", "0123456789012345678901234567890123456789", 1);
	address("https://own.example", "not followed", NULL,
	    "nor a key that is the variable's");
	unsetenv("WANDB_API_KEY");
	write_file(".netrc",
	    "default password 0123456789012345678901234567890123456789\n");
	address("https://own.example", "not followed", NULL,
	    "nor one for all machines");
	unlink(file);
	write_file("settings", "[default]\nbase_url = http://api.wandb.ai\n");
	address("http://api.wandb.ai", NULL, "use https", "W&B by http");
	write_file("settings", "[default]\nbase_url = api.wandb.ai\n");
	address("api.wandb.ai", NULL, "no address", "no scheme");
	unlink("settings");
	unlink(".netrc");
	rmdir("work/wandb");
	rmdir("work");
}

/* A name that no file system takes stands for a disk that fails. */
static void
test_unread(void)
{
	const struct wandb_wishes online = {.cwd = "/"};
	const struct wandb_wishes offline = {.cwd = "/", .mode = "offline"};
	const struct target target = {.tracker = (char *)"wandb"};
	const struct plan plan = {
	    .target = &target, .project = "p", .cwd = "/"};
	char lost[400] = "/", *where;
	struct wandb_settings s;
	struct err err = ERR_INIT;

	memset(lost + 1, 'n', sizeof(lost) - 2);
	unsetenv("WANDB_CONFIG_DIR");
	setenv("WANDB_DIR", "/tmp", 1);
	setenv("HOME", "/nonexistent", 1);
	setenv("NETRC", lost, 1);
	wandb_settings_load(&s, &online);
	is_int(s.unread.code, -ENAMETOOLONG, "a netrc that can't be read");
	ok(strstr(s.unread.message, lost) != NULL, "is named");
	wandb_settings_release(&s);
	ok(wandb_destination(&plan, &err) == NULL && err.code < 0,
	    "without it nobody knows where the run goes");
	wandb_settings_load(&s, &offline);
	is_int(s.unread.code, 0, "offline there is no need of it");
	wandb_settings_release(&s);
	setenv("WANDB_API_KEY", "0123456789012345678901234567890123456789", 1);
	wandb_settings_load(&s, &online);
	is_int(s.unread.code, 0, "nor with a key");
	wandb_settings_release(&s);
	unsetenv("NETRC");
	setenv("WANDB_CONFIG_DIR", lost, 1);
	wandb_settings_load(&s, &offline);
	is_int(s.unread.code, -ENAMETOOLONG, "settings that can't be read");
	wandb_settings_release(&s);
	unsetenv("WANDB_CONFIG_DIR");
	where = wandb_destination(&plan, &err);
	ok(where != NULL && strncmp(where, "https://", 8) == 0,
	    "settings that are not there");
	free(where);
	unsetenv("WANDB_API_KEY");
	unsetenv("WANDB_DIR");
}

/* As a service that has left root behind, in root's home directory; and links,
 * as those make them who keep such files elsewhere. */
static void
test_whose(const char *home)
{
	const struct wandb_wishes wishes = {.cwd = "/"};
	struct wandb_settings s;

	setenv("HOME", home, 1);
	write_file("elsewhere",
	    "machine api.wandb.ai password "
	    "0123456789012345678901234567890123456789\n");
	if (symlink("elsewhere", ".netrc") < 0)
		die("no link");
	wandb_settings_load(&s, &wishes);
	ok(s.key != NULL && s.denied == NULL, "a netrc behind a link");
	wandb_settings_release(&s);
	if (geteuid() == 0 && seteuid(65534) == 0) {
		wandb_settings_load(&s, &wishes);
		is_int(s.unread.code, 0, "another user's home: no files");
		ok(s.denied != NULL && strstr(s.denied, home) != NULL &&
			strstr(s.why_no_key, home) != NULL,
		    "said: %s", s.denied != NULL ? s.denied : "nothing");
		wandb_settings_release(&s);
		if (seteuid(0) < 0)
			die("no way back");
	}
	unlink(".netrc");
	unlink("elsewhere");
}

/* What W&B's variables say of the way to the server. */
static void
way(const char *headers, const char *insecure, const char *refused)
{
	const struct wandb_wishes wishes = {.mode = "online"};
	struct wandb_settings s;

	setenv("WANDB__EXTRA_HTTP_HEADERS", headers, 1);
	setenv("WANDB_INSECURE_DISABLE_SSL", insecure, 1);
	wandb_settings_load(&s, &wishes);
	ok((refused != NULL) == (s.refused != NULL) &&
		(refused == NULL || strstr(s.refused, refused) != NULL),
	    "headers %s, insecure %s: %s", headers, insecure,
	    s.refused != NULL ? s.refused : "taken");
	ok(s.refused == NULL || strstr(s.refused, "secret") == NULL,
	    "without a secret");
	if (strcmp(headers, "{\"X-A\": \"b c\", \"Y\": \"\"}") == 0) {
		is_text(s.headers[0], "X-A: b c", "a header");
		is_text(s.headers[1], "Y: ", "an empty one");
		ok(s.headers[2] == NULL, "no other");
	}
	ok(s.insecure == (strcmp(insecure, "Yes") == 0), "insecure or not");
	wandb_settings_release(&s);
	unsetenv("WANDB__EXTRA_HTTP_HEADERS");
	unsetenv("WANDB_INSECURE_DISABLE_SSL");
}

static void
test_way(void)
{
	setenv("HOME", "/nonexistent", 1);
	way("", "", NULL);
	way("{\"X-A\": \"b c\", \"Y\": \"\"}", "off", NULL);
	way("{}", "Yes", NULL);
	way("{\"X\": \"secret\"", "no", "must be a JSON object");
	way("[\"secret\"]", "no", "must be a JSON object");
	way("{\"X\": {\"secret\": 1}}", "no", "must be a JSON object");
	way("{\"X\": \"a\\r\\nsecret: b\"}", "no", "must be a JSON object");
	way("{\"X secret\": \"\"}", "no", "must be a JSON object");
	way("", "perhaps", "must be true or false");
}

int
main(void)
{
	char home[] = "/tmp/itrack-test-settings-XXXXXX";
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
	if (mkdtemp(home) == NULL || chdir(home) < 0)
		die("no directory");
	unsetenv("WANDB_API_KEY");
	unsetenv("WANDB_BASE_URL");
	unsetenv("NETRC");
	test_addresses();
	test_unread();
	test_whose(home);
	test_way();
	if (chdir("/") == 0)
		rmdir(home);
	return done_testing();
}
