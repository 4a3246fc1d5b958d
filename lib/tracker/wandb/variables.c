#include "tracker/wandb/variables.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/die.h"
#include "base/environment.h"
#include "foreign/json.h"
#include "format/text.h"
#include "tracker/wandb/values.h"

#define HEADERS "WANDB__EXTRA_HTTP_HEADERS"
/* A login proxy wants one or two. */
#define HEADERS_MAX 64

static char *
copy_variable(const char *name)
{
	const char *value = environment_value(name);

	return value != NULL ? xstrdup(value) : NULL;
}

/* The words that W&B's SDK takes for true and false. */
static int
truth_of(const char *word)
{
	static const char *const words[2][6] = {
	    {"0", "f", "false", "n", "no", "off"},
	    {"1", "t", "true", "y", "yes", "on"}};

	for (int truth = 0; truth < 2; truth++)
		for (int i = 0; i < 6; i++)
			if (strcasecmp(word, words[truth][i]) == 0)
				return truth;
	return -1;
}

static void
refuse(struct wandb_settings *s, char *why)
{
	if (s->refused == NULL)
		s->refused = why;
	else
		free(why);
}

static void
take_insecure(struct wandb_settings *s)
{
	static const char name[] = "WANDB_INSECURE_DISABLE_SSL";
	const char *word = environment_value(name);
	int truth = word != NULL ? truth_of(word) : 0;

	s->insecure = truth == 1;
	if (truth < 0)
		refuse(s,
		    xasprintf(
			"%s must be true or false, not \"%.40s\"", name, word));
}

/* Has the name only what a header's name may have, and the value no line end? */
static bool
is_header(const char *name, const char *value)
{
	static const char token[] = "!#$%&'*+-.^_`|~0123456789"
				    "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return name != NULL && name[0] != '\0' &&
	    name[strspn(name, token)] == '\0' && value != NULL &&
	    strpbrk(value, "\r\n") == NULL;
}

/* The values may be secrets: no message shows them. */
static void
take_headers(struct wandb_settings *s)
{
	const char *text = environment_value(HEADERS);
	struct err err = ERR_INIT;
	const cJSON *item;
	cJSON *doc = NULL;
	bool good;
	int n = 0;

	if (text == NULL)
		return;
	json_document(text, strlen(text), &doc, &err);
	good = cJSON_IsObject(doc) && cJSON_GetArraySize(doc) <= HEADERS_MAX;
	if (good)
		s->headers = xcalloc(HEADERS_MAX + 1, sizeof(*s->headers));
	cJSON_ArrayForEach (item, doc) {
		const char *value = cJSON_GetStringValue(item);

		good = good && is_header(item->string, value);
		if (good)
			s->headers[n++] =
			    xasprintf("%s: %s", item->string, value);
	}
	if (!good)
		refuse(s,
		    xstrdup(HEADERS " must be a JSON object of headers and "
				    "their texts, such as {\"X-Name\": "
				    "\"value\"}"));
	cJSON_Delete(doc);
}

void
wandb_variables_load(struct wandb_settings *s)
{
	s->http_proxy = copy_variable("WANDB_HTTP_PROXY");
	s->https_proxy = copy_variable("WANDB_HTTPS_PROXY");
	take_insecure(s);
	take_headers(s);
}

void
wandb_variables_release(struct wandb_settings *s)
{
	for (size_t i = 0; s->headers != NULL && s->headers[i] != NULL; i++)
		xfree_secret(s->headers[i]);
	free(s->headers);
	xfree_secret(s->http_proxy);
	xfree_secret(s->https_proxy);
}

char *
wandb_variable_text(const char *name)
{
	const char *value = environment_value(name);
	char *text, *clean;

	if (value == NULL)
		return NULL;
	text = text_path_text(value);
	clean = wandb_utf8(text);
	free(text);
	return clean;
}
