#include "wrap/itrack/live_total.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "base/path.h"
#include "format/text.h"
#include "mapping/names.h"
#include "watcher/config_params.h"

/* Counting a larger file would hold the view up. */
#define DATASET_MAX_BYTES ((int64_t)64 * 1024 * 1024)

/* The text of a param; NULL: it is none. */
static const char *
param(const struct entry_params *p, const char *name)
{
	for (size_t i = 0; i < p->len; i++)
		if (strcmp(p->list[i].name, name) == 0)
			return p->list[i].value.type == VALUE_TEXT
			    ? p->list[i].value.text
			    : NULL;
	return NULL;
}

/* Lines that are not blank; 0: it is no file, or a large one. */
static int64_t
count_lines(const char *path)
{
	struct lines lines;
	struct stat st;
	const char *line;
	int64_t count = 0;
	size_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    st.st_size <= DATASET_MAX_BYTES) {
		lines_init(&lines, fd);
		while (lines_next(&lines, &line, &len, NULL) > 0)
			count += strspn(line, " \t\r") < len;
		if (lines_rest(&lines, &line, &len))
			count += strspn(line, " \t\r") < len;
		lines_release(&lines);
	}
	close(fd);
	return count;
}

static int64_t
count_dataset(const struct entry_params *config)
{
	const char *format = param(config, "config.dataset.format");
	const char *path = param(config, "config.dataset.path");
	char *bytes;
	int64_t count;

	if (path == NULL || format == NULL || strcmp(format, "jsonl") != 0)
		return 0;
	bytes = text_path_bytes(path);
	count = bytes != NULL ? count_lines(bytes) : 0;
	free(bytes);
	return count;
}

int64_t
live_total(const char *run_dir)
{
	char *dir = text_path_bytes(run_dir);
	char *path = dir != NULL ? path_join(dir, CONFIG_FILE) : NULL;
	struct buf text, left_out;
	int64_t total = 0;
	struct entry e;

	buf_init(&text, CONFIG_BYTES_MAX);
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	entry_init(&e, ENTRY_PARAMS, 0);
	if (path != NULL && file_read_all(AT_FDCWD, path, &text, NULL) == 0 &&
	    config_params(&e, text.data, text.len, &left_out, NULL) == 0)
		total = count_dataset(&e.params);
	entry_release(&e);
	buf_release(&left_out);
	buf_release(&text);
	free(path);
	free(dir);
	return total;
}
