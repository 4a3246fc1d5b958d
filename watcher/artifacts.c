#include "watcher/artifacts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/die.h"
#include "mapping/names.h"

/* In insideLLMs' order. `safe`: holds no prompts and answers. */
static const struct {
	const char *name;
	bool safe;
} files[] = {
    {MANIFEST_FILE, true},
    {RECORDS_FILE, false},
    {CONFIG_FILE, true},
    {SUMMARY_FILE, true},
    {EXPLAIN_FILE, false},
    {REPORT_FILE, false},
};

enum artifact_choice
artifact_choice_of(const char *word)
{
	if (word != NULL && strcmp(word, "none") == 0)
		return ARTIFACTS_NONE;
	if (word != NULL && strcmp(word, "safe") == 0)
		return ARTIFACTS_SAFE;
	return ARTIFACTS_ALL;
}

void
settle(int dir_fd, const char *dir_text, enum artifact_choice choice,
    int64_t time_us, void (*emit)(struct entry *e, void *data),
    void (*refused)(const char *name, const char *why, void *data), void *data)
{
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		const char *name = files[i].name;
		struct stat st;
		struct entry e;

		if (choice == ARTIFACTS_NONE ||
		    (choice == ARTIFACTS_SAFE && !files[i].safe))
			continue;
		if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			if (errno != ENOENT)
				refused(name, strerror(errno), data);
			continue;
		}
		if (!S_ISREG(st.st_mode)) {
			refused(name, "not a regular file", data);
			continue;
		}
		entry_init(&e, ENTRY_ARTIFACT, time_us);
		e.artifact.name = xstrdup(name);
		e.artifact.type = xstrdup("file");
		e.artifact.path = xasprintf(
		    "%s/%s", strcmp(dir_text, "/") == 0 ? "" : dir_text, name);
		e.artifact.size = st.st_size;
		e.artifact.mtime_ns = clock_ns(&st.st_mtim);
		e.artifact.inode = st.st_ino;
		emit(&e, data);
	}
}
