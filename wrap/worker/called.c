#include "wrap/worker/called.h"

#include <stdlib.h>

#include "base/die.h"
#include "base/path.h"

char *
called_as(const char *place, bool is_root,
    const struct watcher_identity *identity, const char *dir)
{
	struct watcher_identity there;
	char *name;

	if (place == NULL)
		return NULL;
	name = is_root ? path_join(place, path_base(dir)) : xstrdup(place);
	if (watcher_identify(name, &there, NULL) == 0 &&
	    watcher_identity_equal(&there, identity))
		return name;
	free(name);
	return NULL;
}
