#include "wrap/worker/markers.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/die.h"
#include "base/path.h"
#include "mapping/names.h"

void
markers_init(
    struct markers *m, void (*found)(const char *dir, void *data), void *data)
{
	*m = (struct markers){.found = found, .data = data};
}

void
markers_release(struct markers *m)
{
	for (size_t i = 0; i < m->len; i++)
		free(m->queue[i].path);
	free(m->queue);
	*m = (struct markers){0};
}

/* Takes the path. */
static void
put(struct markers *m, char *path, int depth)
{
	struct markers_place *place;

	if (m->len == m->cap) {
		m->cap = m->cap > 0 ? m->cap * 2 : 64;
		m->queue = xreallocarray(m->queue, m->cap, sizeof *m->queue);
	}
	place = &m->queue[m->len++];
	place->path = path;
	place->depth = depth;
}

void
markers_add(struct markers *m, const char *place)
{
	if (place[0] != '/')
		return;
	for (size_t i = 0; i < m->len; i++)
		if (strcmp(m->queue[i].path, place) == 0)
			return;
	if (m->places == MARKERS_PLACES_MAX) {
		m->passed = true;
		return;
	}
	m->places++;
	put(m, xstrdup(place), 0);
}

/* Files that the kernel makes up hold no runs and have no end. */
static bool
is_made_up(int fd)
{
	static const unsigned long kinds[] = {PROC_SUPER_MAGIC, SYSFS_MAGIC,
	    DEBUGFS_MAGIC, TRACEFS_MAGIC, CGROUP_SUPER_MAGIC,
	    CGROUP2_SUPER_MAGIC, DEVPTS_SUPER_MAGIC, SECURITYFS_MAGIC,
	    BPF_FS_MAGIC, AUTOFS_SUPER_MAGIC};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return true;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if ((unsigned long)fs.f_type == kinds[i])
			return true;
	return false;
}

static bool
is_directory(int fd, const struct dirent *d)
{
	struct stat st;

	if (d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	return fstatat(fd, d->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISDIR(st.st_mode);
}

static void
put_children(struct markers *m, DIR *dir, const char *path, int depth)
{
	const struct dirent *d;

	while ((d = readdir(dir)) != NULL) {
		if (d->d_name[0] == '.')
			continue;
		if (m->names == MARKERS_NAMES_MAX) {
			m->passed = true;
			return;
		}
		m->names++;
		if (!is_directory(dirfd(dir), d))
			continue;
		if (depth == MARKERS_DEPTH_MAX)
			m->passed = true;
		else
			put(m, path_join(path, d->d_name), depth + 1);
	}
}

static void
look_into(struct markers *m, const char *path, int depth)
{
	/* A place itself may be a link, what is below it not. */
	int fd = open(path,
	    O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC |
		(depth > 0 ? O_NOFOLLOW : 0));
	DIR *dir = fd >= 0 && !is_made_up(fd) ? fdopendir(fd) : NULL;
	struct stat st;
	bool marked;

	if (dir == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	marked = fstatat(fd, MARKER_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (marked)
		m->found(path, m->data);
	if (!marked || depth == 0)
		put_children(m, dir, path, depth);
	closedir(dir);
}

void
markers_search(struct markers *m)
{
	for (size_t i = 0; i < m->len; i++) {
		char *path = m->queue[i].path;

		look_into(m, path, m->queue[i].depth);
	}
}
