#include "journal/health.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/process.h"

/* An end entry is far shorter. */
#define END_MAX_BYTES 4096

int
journals_start(const char *state_dir, const char *attempt, struct entry *start,
    struct err *err)
{
	struct journal_reader r;
	int result = journal_reader_open(&r, state_dir, attempt, err);

	if (result < 0)
		return result;
	result = journal_read(&r, start, err);
	journal_reader_release(&r);
	if (result == 0)
		return err_set(
		    err, -ENODATA, "%s: the journal is empty", attempt);
	if (result == 1 && start->kind != ENTRY_START) {
		entry_release(start);
		return err_set(err, -EBADMSG, "%s: not a journal", attempt);
	}
	return result < 0 ? result : 0;
}

bool
journals_may_be_read_later(int result)
{
	switch (result) {
	case -ENOENT:
	case -ENOTDIR:
	case -ENODATA:
	case -EPERM:
	case -EINVAL:
	case -EBADMSG:
	case -EPROTONOSUPPORT:
		return false;
	default:
		return result < 0;
	}
}

void
journals_note_unread(struct err *failed, int result, const struct err *why)
{
	if (journals_may_be_read_later(result))
		*failed = *why;
}

bool
journals_discard_empty(const char *state_dir, const char *attempt)
{
	struct entry start;
	int result = journals_start(state_dir, attempt, &start, NULL);

	if (result == 0)
		entry_release(&start);
	if (result != -ENODATA && result != -ENOENT)
		return false;
	journal_discard(state_dir, attempt, NULL);
	return true;
}

/* Reads only the last line, because a growing journal is asked often. */
int
journals_has_end(const char *state_dir, const char *attempt, struct err *err)
{
	char chunk[END_MAX_BYTES];
	struct journal_reader r;
	struct entry e;
	struct stat st;
	const char *line, *end;
	ssize_t n;
	int has = journal_reader_open(&r, state_dir, attempt, err);

	if (has < 0)
		return has;
	n = fstat(r.fd, &st) < 0
	    ? -errno
	    : file_read_at(r.fd, chunk, sizeof chunk,
		  st.st_size > END_MAX_BYTES ? st.st_size - END_MAX_BYTES : 0);
	if (n < 0)
		has =
		    err_set(err, (int)n, "%s: %s", attempt, strerror((int)-n));
	end = n > 0 ? memrchr(chunk, '\n', (size_t)n) : NULL;
	line = end != NULL ? memrchr(chunk, '\n', (size_t)(end - chunk)) : NULL;
	if (line != NULL &&
	    entry_decode(&e, line + 1, (size_t)(end - line - 1), NULL) == 0) {
		has = e.kind == ENTRY_END;
		entry_release(&e);
	}
	journal_reader_release(&r);
	return has;
}

bool
journals_is_written(const struct entry_start *start)
{
	char *host = process_host();
	bool here = start->host != NULL && strcmp(start->host, host) == 0;

	free(host);
	return here && start->writer > 0 &&
	    process_may_be_alive(start->host, start->boot_id, start->writer,
		start->writer_start);
}

bool
journals_is_live(const struct entry_start *start)
{
	return process_may_be_alive(
	    start->host, start->boot_id, start->pid, start->pid_start);
}
