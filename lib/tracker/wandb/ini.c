#include "tracker/wandb/ini.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"

/* Without the blanks around it; allocated. */
static char *
trimmed(const char *text, size_t len)
{
	while (len > 0 && isspace((unsigned char)text[0])) {
		text++;
		len--;
	}
	while (len > 0 && isspace((unsigned char)text[len - 1]))
		len--;
	return xstrndup(text, len);
}

char *
wandb_ini_value(const char *text, const char *name)
{
	bool in_default = false;
	char *value = NULL, *key;
	const char *sign;
	size_t len;

	for (; *text != '\0'; text += len + (text[len] == '\n')) {
		len = strcspn(text, "\n");
		if (text[0] == '[') {
			in_default = strncmp(text, "[default]", 9) == 0;
			continue;
		}
		sign = text + strcspn(text, "=:\n");
		if (!in_default || *sign == '\n' || *sign == '\0' ||
		    strchr("#;", text[0]))
			continue;
		key = trimmed(text, (size_t)(sign - text));
		if (strcasecmp(key, name) == 0) {
			free(value);
			value =
			    trimmed(sign + 1, (size_t)(text + len - sign - 1));
		}
		free(key);
	}
	return value;
}
