/*
 * The address of a server as somebody wrote it: no user and no password is left
 * in what is kept and said.
 */
#include <strings.h>

#include "base/uri.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/mlflow/config.h"
#include "tracker/wandb/key.h"

/* Shorter ones may stand somewhere else in a message. */
#define SECRET_MIN 8

/* The password of "scheme://user:password@host", if it stands nowhere else.
 * Allocated, or NULL. */
static char *
secret_of(const char *uri)
{
	const char *host = strstr(uri, "://"), *at, *colon;
	char *secret = NULL;

	if (host == NULL)
		return NULL;
	host += 3;
	at = memrchr(host, '@', strcspn(host, "/?#"));
	colon = at != NULL ? memchr(host, ':', (size_t)(at - host)) : NULL;
	if (colon != NULL && at - colon > SECRET_MIN)
		secret = xstrndup(colon + 1, (size_t)(at - colon - 1));
	if (secret != NULL &&
	    (strstr(at, secret) != NULL || strstr(uri, secret) != colon + 1)) {
		free(secret);
		secret = NULL;
	}
	return secret;
}

static void
check_mlflow(const char *uri, const char *secret)
{
	const struct mlflow_choice choice = {
	    .uri = uri, .project = "p", .cwd = "/cwd"};
	struct err err = ERR_INIT;
	struct mlflow_config c;

	if (mlflow_config_load(&c, &choice, &err) < 0) {
		expect(err.message[0] != '\0');
		expect(secret == NULL || strstr(err.message, secret) == NULL);
	} else if (c.store == MLFLOW_FILES) {
		expect(c.root[0] == '/');
	} else {
		expect(strncasecmp(c.base, "http", 4) == 0);
		expect(strpbrk(c.base, "?#") == NULL);
		expect(secret == NULL || strstr(c.base, secret) == NULL);
	}
	mlflow_config_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *uri = xstrndup((const char *)data, size);
	char *secret = secret_of(uri), *plain, *twice, *host;

	unsetenv("HOME");
	plain = xstrdup(uri);
	uri_clean(plain);
	twice = xstrdup(plain);
	uri_clean(twice);
	expect(strcmp(plain, twice) == 0);
	expect(secret == NULL || strstr(plain, secret) == NULL);
	host = wandb_url_host(uri);
	expect(strpbrk(host, "/?#@") == NULL);
	expect(wandb_key_is_valid(uri) == wandb_key_is_valid(uri));
	check_mlflow(uri, secret);
	free(host);
	free(twice);
	free(plain);
	free(secret);
	free(uri);
	return 0;
}
