#include "tracker/common/prefixes.h"

#include <stdlib.h>
#include <string.h>

#include "base/die.h"

void
prefixes_release(struct prefixes *p)
{
	size_t i;

	for (i = 0; i < p->len; i++)
		free(p->text[i]);
	free(p->text);
	*p = (struct prefixes){0};
}

void
prefixes_name(struct prefixes *p, const struct entry_experiment *experiment)
{
	size_t index = (size_t)experiment->index, len;
	struct buf prefix;

	if (experiment->index < 0 || experiment->index > ENTRY_EXPERIMENT_MAX)
		return;
	if (index >= p->len) {
		len = 2 * index + 1;
		p->text = xreallocarray(p->text, len, sizeof(*p->text));
		memset(p->text + p->len, 0, (len - p->len) * sizeof(*p->text));
		p->len = len;
	}
	buf_init(&prefix, ENTRY_LINE_MAX);
	entry_experiment_prefix(experiment, &prefix);
	free(p->text[index]);
	p->text[index] = buf_steal(&prefix);
}

const char *
prefixes_of(const struct prefixes *p, int64_t experiment)
{
	if (experiment < 0 || (uint64_t)experiment >= p->len ||
	    p->text[experiment] == NULL)
		return "";
	return p->text[experiment];
}
