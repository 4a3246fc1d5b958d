#include "base/remote_fs.h"

#include <linux/magic.h>
#include <sys/vfs.h>

/* <linux/magic.h> of Debian 12 lacks these. */
#define CIFS_MAGIC   0xff534d42
#define LUSTRE_MAGIC 0x0bd00bd0
#define GPFS_MAGIC   0x47504653

static bool
is_remote(const struct statfs *st)
{
	switch ((unsigned long)st->f_type) {
	case NFS_SUPER_MAGIC:
	case SMB_SUPER_MAGIC:
	case SMB2_SUPER_MAGIC:
	case CIFS_MAGIC:
	case FUSE_SUPER_MAGIC:
	case V9FS_MAGIC:
	case CEPH_SUPER_MAGIC:
	case AFS_SUPER_MAGIC:
	case LUSTRE_MAGIC:
	case GPFS_MAGIC:
		return true;
	default:
		return false;
	}
}

bool
remote_has_path(const char *path)
{
	struct statfs st;

	return statfs(path, &st) == 0 && is_remote(&st);
}

bool
remote_has_file(int fd)
{
	struct statfs st;

	return fstatfs(fd, &st) == 0 && is_remote(&st);
}
