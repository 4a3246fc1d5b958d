#include "tracker/wandb/key.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/environment.h"
#include "base/uri.h"
#include "tracker/wandb/netrc.h"

#define KEY_MIN_LENGTH 40
#define KEY_CHARACTERS                                                   \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789" \
	"_-"

char *
wandb_url_host(const char *url)
{
	struct uri uri;
	char *clean;
	const char *at;

	if (uri_split(url, &uri) && uri.authority.start != NULL)
		return xstrndup(uri.authority.start, uri.authority.len);
	clean = xstrdup(url);
	uri_clean(clean);
	clean[strcspn(clean, "/?#")] = '\0';
	at = strrchr(clean, '@');
	if (at != NULL)
		memmove(clean, at + 1, strlen(at));
	return clean;
}

/* Three parts with dots between them: a token that stands for a key. */
static bool
is_jwt(const char *key)
{
	int part;
	size_t len;

	for (part = 0; part < 3; part++, key += len) {
		if (part > 0 && *key++ != '.')
			return false;
		len = strspn(key, KEY_CHARACTERS);
		if (len == 0)
			return false;
	}
	return *key == '\0';
}

bool
wandb_key_is_valid(const char *key)
{
	const char *dash = strchr(key, '-');
	const char *secret = dash != NULL ? dash + 1 : key;

	if (is_jwt(key))
		return true;
	return strlen(secret) >= KEY_MIN_LENGTH &&
	    secret[strspn(secret, KEY_CHARACTERS)] == '\0' &&
	    strpbrk(key, "\r\n") == NULL;
}

static char *
netrc_key(struct wandb_settings *s, const char *machine, bool *by_default)
{
	static const char *const names[] = {".netrc", "_netrc"};
	const char *named = environment_value("NETRC");
	char *text = NULL, *path, *key = NULL;
	size_t i;

	*by_default = false;

	if (named != NULL)
		text = wandb_settings_read(s, named);
	for (i = 0; named == NULL && text == NULL && i < 2; i++) {
		path = wandb_home_file(names[i]);
		text = path != NULL ? wandb_settings_read(s, path) : NULL;
		free(path);
	}
	if (text != NULL)
		key = wandb_netrc_password(text, machine, by_default);
	/* An entry for all machines need not be meant for W&B. */
	if (key != NULL && *by_default && !wandb_key_is_valid(key)) {
		xfree_secret(key);
		key = NULL;
	}
	xfree_secret(text);
	return key;
}

void
wandb_key_find(struct wandb_settings *s)
{
	char *host = wandb_url_host(s->base_url);
	const char *key = environment_value("WANDB_API_KEY");
	bool by_default;

	s->key = key != NULL ? xstrdup(key) : netrc_key(s, host, &by_default);
	free(host);
	if (s->key == NULL) {
		s->why_no_key =
		    xasprintf("no W&B key found (WANDB_API_KEY or netrc)%s%s",
			s->denied != NULL ? ": " : "",
			s->denied != NULL ? s->denied : "");
	} else if (!wandb_key_is_valid(s->key)) {
		xfree_secret(s->key);
		s->key = NULL;
		s->why_no_key = xstrdup("the W&B key is malformed (a key has "
					"40 characters or more: letters, "
					"digits, underscores)");
	}
}

bool
wandb_key_is_for(struct wandb_settings *s, const char *url)
{
	char *host = wandb_url_host(url), *key;
	bool by_default, own;

	key = netrc_key(s, host, &by_default);
	own = key != NULL && !by_default &&
	    environment_value("WANDB_API_KEY") == NULL;
	xfree_secret(key);
	free(host);
	return own;
}
