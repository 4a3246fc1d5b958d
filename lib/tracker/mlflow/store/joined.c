/* Where the points of this attempt begin in a metric's file of a run that goes
 * on: what stands before is another's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tracker/mlflow/store/store.h"

int
mlruns_first_of_ours(
    int fd, const char *line, size_t len, int64_t *at, struct err *err)
{
	int own = dup(fd);
	FILE *file = own >= 0 ? fdopen(own, "r") : NULL;
	char *read = NULL;
	size_t cap = 0;
	ssize_t n;

	*at = 0;
	if (file == NULL) {
		err_errno(err, "metric file");
		if (own >= 0)
			close(own);
		return err->code;
	}
	rewind(file);
	/* It has the time of the point, so that no other's is the same. A torn
	 * line at the end gives way to ours. */
	while ((n = getline(&read, &cap, file)) > 0 && read[n - 1] == '\n' &&
	    ((size_t)n != len || memcmp(read, line, len) != 0))
		*at += n;
	free(read);
	fclose(file);
	return 0;
}
