#include "tracker/common/same_folder.h"

#include <errno.h>
#include <string.h>

#include "base/folder.h"

int
same_folder_check(struct tracker *t, const char *key, int fd, const char *path,
    struct err *err)
{
	char mark[FOLDER_MARK_SIZE];
	const char *known = tracker_recall(t, key);
	int result = folder_mark(fd, mark, err);

	if (result < 0)
		return result;
	if (known == NULL || known[0] == '\0')
		tracker_remember_later(t, key, mark);
	else if (strcmp(known, mark) != 0)
		return err_set(err, -ESTALE,
		    "%s is another folder than the one that was made for this "
		    "run, so nothing is written there: put that one back, or "
		    "move this one away",
		    path);
	return 0;
}

void
same_folder_forget(struct tracker *t, const char *key)
{
	if (tracker_recall(t, key) != NULL)
		tracker_remember_later(t, key, "");
}
