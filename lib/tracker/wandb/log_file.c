#include "tracker/wandb/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/folder.h"
#include "journal/entry.h"
#include "tracker/wandb/file.h"

/* A record holds one entry, or all that the params came to; what a send of the
 * engine leads to stays far below. */
#define RECORD_MAX  (2 * (size_t)ENTRY_LINE_MAX)
#define PENDING_MAX (8 * (size_t)ENTRY_LINE_MAX)

#define COMPARE_BYTES 65536

int
wandb_log_open(
    struct wandb_log *log, int dirfd, const char *name, struct err *err)
{
	struct stat st;

	*log = (struct wandb_log){.number = 1};
	log->fd = folder_open_file(dirfd, name, O_RDWR | O_CREAT, err);
	if (log->fd < 0)
		return log->fd;
	buf_init(&log->record, RECORD_MAX);
	buf_init(&log->pending, PENDING_MAX);
	if (fstat(log->fd, &st) < 0)
		return err_errno(err, "%s", name);
	log->there = st.st_size;
	wandbfile_header(&log->pending);
	return 0;
}

void
wandb_log_close(struct wandb_log *log)
{
	if (log->fd < 0)
		return;
	close(log->fd);
	log->fd = -1;
	buf_release(&log->record);
	buf_release(&log->pending);
}

int
wandb_log_add(struct wandb_log *log)
{
	int64_t at = log->written + (int64_t)log->pending.len;
	size_t before = log->pending.len;
	bool fits = !buf_overflowed(&log->record);

	if (fits)
		wandbfile_record(
		    &log->pending, at, log->record.data, log->record.len);
	buf_reset(&log->record);
	if (fits && !buf_overflowed(&log->pending)) {
		log->number++;
		return 0;
	}
	buf_truncate(&log->pending, before);
	log->pending.overflow = false;
	return -EMSGSIZE;
}

/* Does the file hold the pending bytes already? */
static bool
stands_there(const struct wandb_log *log)
{
	char chunk[COMPARE_BYTES];
	size_t done, want;

	if (log->written + (int64_t)log->pending.len > log->there)
		return false;
	for (done = 0; done < log->pending.len; done += want) {
		want = log->pending.len - done;
		if (want > sizeof(chunk))
			want = sizeof(chunk);
		if (pread(log->fd, chunk, want, log->written + (int64_t)done) !=
			(ssize_t)want ||
		    memcmp(chunk, log->pending.data + done, want) != 0)
			return false;
	}
	return true;
}

/* Bytes that go into a file without a name are lost. */
static int
check_name(const struct wandb_log *log, struct err *err)
{
	struct stat st;

	if (fstat(log->fd, &st) < 0)
		return err_errno(err, "the log file");
	if (st.st_nlink == 0)
		return err_set(err, -ENOENT, "the log file was removed");
	return 0;
}

int
wandb_log_flush(struct wandb_log *log, struct err *err)
{
	int result;

	if (log->pending.len == 0)
		return 0;
	result = check_name(log, err);
	if (result < 0)
		return result;
	if (!stands_there(log)) {
		if (log->there > log->written &&
		    ftruncate(log->fd, log->written) < 0)
			return err_errno(err, "cannot cut the log file");
		log->there = log->written;
		if (lseek(log->fd, log->written, SEEK_SET) < 0)
			return err_errno(err, "cannot write the log file");
		result = file_write_all(
		    log->fd, log->pending.data, log->pending.len, err);
	}
	if (result < 0) {
		/* A short write (full disk) leaves half a record behind. */
		if (ftruncate(log->fd, log->written) < 0)
			log->there = INT64_MAX;
		return result;
	}
	log->written += (int64_t)log->pending.len;
	buf_reset(&log->pending);
	return 0;
}
