#include "wrap/worker/search/walk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/path.h"
#include "mapping/names.h"

void
walk_init(struct walk *m, int64_t not_before_ns,
    void (*found)(const char *dir, void *data), void *data)
{
	*m = (struct walk){.found = found, .data = data};
	blind_spots_init(&m->unseen, not_before_ns);
}

void
walk_release(struct walk *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->queue[i].path);
	free(m->queue);
	blind_spots_release(&m->unseen);
	*m = (struct walk){0};
}

/* Takes the path over. */
static void
put(struct walk *m, char *path, int depth)
{
	struct walk_place *place;

	m->queue = xgrow(m->queue, m->len, &m->cap, sizeof *m->queue);
	place = &m->queue[m->len++];
	place->path = path;
	place->depth = depth;
}

void
walk_add(struct walk *m, const char *place)
{
	if (place[0] != '/')
		return;
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->queue[i].path, place) == 0)
			return;
	if (m->places == WALK_PLACES_MAX) {
		m->passed = true;
		return;
	}
	m->places++;
	put(m, xstrdup(place), 0);
}

/* Is it a file system that the kernel makes up? Those hold no runs and have no
 * end. Returns 1, 0, or a negative errno. */
static int
is_made_up(int fd)
{
	static const unsigned long kinds[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC,
	    DEBUGFS_MAGIC, TRACEFS_MAGIC, CGROUP_SUPER_MAGIC,
	    CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, SECURITYFS_MAGIC,
	    BPF_FS_MAGIC, AUTOFS_SUPER_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return -errno;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if ((unsigned long)fs.f_type == kinds[i])
			return 1;
	return 0;
}

/* Returns 1, 0, or a negative errno. */
static int
is_directory(int fd, const struct dirent *d)
{
	struct stat st;
	int there;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	there = file_look(fd, d->d_name, AT_SYMLINK_NOFOLLOW, &st, NULL);
	return there > 0 ? S_ISDIR(st.st_mode) : there;
}

/* Returns 0, or a negative errno if not all could be looked at. */
static int
put_children(struct walk *m, DIR *dir, const char *path, int depth)
{
	const struct dirent *d;
	int failed = 0;

	while ((errno = 0, d = readdir(dir)) != NULL) {
		int is;

		if (d->d_name[0] == '.')
			continue;
		if (m->names == WALK_NAMES_MAX) {
			m->passed = true;
			return failed;
		}
		m->names++;
		is = is_directory(dirfd(dir), d);
		if (is < 0)
			failed = is;
		if (is <= 0)
			continue;
		if (depth == WALK_DEPTH_MAX)
			m->passed = true;
		else
			put(m, path_join(path, d->d_name), depth + 1);
	}
	return errno != 0 ? -errno : failed;
}

/* Returns 0 or a negative errno. */
static int
look_into_open(struct walk *m, DIR *dir, const char *path, int depth)
{
	int marked =
	    file_look(dirfd(dir), MARKER_FILE, AT_SYMLINK_NOFOLLOW, NULL, NULL);
	int result = 0;

	if (marked > 0)
		m->found(path, m->data);
	if (marked <= 0 || depth == 0)
		result = put_children(m, dir, path, depth);
	return marked < 0 ? marked : result;
}

static int
look_into(struct walk *m, const char *path, int depth)
{
	/* A place itself may be a link, but nothing below it. */
	int fd = open(path,
	    O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC |
		(depth > 0 ? O_NOFOLLOW : 0));
	int result = fd < 0 ? -errno : is_made_up(fd);
	DIR *dir = result == 0 ? fdopendir(fd) : NULL;

	if (dir != NULL) {
		result = look_into_open(m, dir, path, depth);
		closedir(dir);
	} else {
		if (result == 0)
			result = -errno;
		if (fd >= 0)
			close(fd);
	}
	/* A directory that has become a link meanwhile is left out like any
	 * link. */
	return result == -ELOOP && depth > 0 ? 0 : result;
}

void
walk_search(struct walk *m)
{
	for (size_t i = 0; i < m->len; i++) {
		char *path = m->queue[i].path;

		blind_spots_note_dir(
		    &m->unseen, path, look_into(m, path, m->queue[i].depth));
	}
}
