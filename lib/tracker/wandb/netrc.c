#include "tracker/wandb/netrc.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/die.h"

#define BLANKS " \t\r\n"

/* Whose entry is being read. */
enum owner { OWNER_OTHER, OWNER_MACHINE, OWNER_DEFAULT };

/* The next token: up to a blank, or between quotes; a backslash takes the next
 * character as it is. False at the end. */
static bool
next_token(const char **text, struct buf *token)
{
	const char *at = *text + strspn(*text, BLANKS);
	bool quoted = *at == '"';

	buf_reset(token);
	if (*at == '\0') {
		*text = at;
		return false;
	}
	at += quoted;
	while (*at != '\0' &&
	    (quoted ? *at != '"' : strchr(BLANKS, *at) == NULL)) {
		if (at[0] == '\\' && at[1] != '\0')
			at++;
		buf_addc(token, *at++);
	}
	*text = at + (quoted && *at == '"');
	return true;
}

/* A macro ends with an empty line. */
static const char *
behind_macro(const char *text)
{
	const char *line = text + strcspn(text, "\n");
	size_t len;

	while (*line == '\n') {
		line++;
		len = strcspn(line, "\n");
		if (len == 0 || (len == 1 && line[0] == '\r'))
			return line + len;
		line += len;
	}
	return line;
}

static void
replace(char **text, const char *with)
{
	xfree_secret(*text);
	*text = with != NULL ? xstrdup(with) : NULL;
}

static bool
is(const struct buf *token, const char *word)
{
	return strcmp(token->data, word) == 0;
}

char *
wandb_netrc_password(const char *text, const char *machine, bool *by_default)
{
	char *found[3] = {NULL, NULL, NULL}, *password;
	bool has_entry = false;
	enum owner owner = OWNER_OTHER;
	struct buf token;

	buf_init(&token, strlen(text) + 1);
	while (next_token(&text, &token)) {
		if (token.data[0] == '#') {
			text += strcspn(text, "\n");
		} else if (is(&token, "macdef")) {
			text = behind_macro(text);
			owner = OWNER_OTHER;
		} else if (is(&token, "default")) {
			owner = OWNER_DEFAULT;
			replace(&found[owner], NULL);
		} else if (is(&token, "machine")) {
			owner = next_token(&text, &token) &&
				strcasecmp(token.data, machine) == 0
			    ? OWNER_MACHINE
			    : OWNER_OTHER;
			has_entry = has_entry || owner == OWNER_MACHINE;
			replace(&found[owner], NULL);
		} else if (is(&token, "password")) {
			if (next_token(&text, &token))
				replace(&found[owner], token.data);
		} else {
			/* login, user or account: what follows is no word. */
			next_token(&text, &token);
		}
	}
	explicit_bzero(token.data, token.cap);
	buf_release(&token);
	*by_default = !has_entry;
	password = found[has_entry ? OWNER_MACHINE : OWNER_DEFAULT];
	found[has_entry ? OWNER_MACHINE : OWNER_DEFAULT] = NULL;
	replace(&found[OWNER_OTHER], NULL);
	replace(&found[OWNER_MACHINE], NULL);
	replace(&found[OWNER_DEFAULT], NULL);
	return password;
}
