#include "tracker/local/array.h"

#include <errno.h>
#include <unistd.h>

#include "base/file.h"
#include "journal/entry.h"

/* Elements are kept in memory up to here. */
#define HELD_BYTES (64 * 1024)
/* An entry's line with every character as \uxxxx, and blanks. */
#define HELD_BYTES_MAX (8 * (size_t)ENTRY_LINE_MAX)
/* As json.dump ends an array that is not empty. */
#define CLOSING "\n]"

void
local_array_init(
    struct local_array *a, int dirfd, const char *name, const char *word)
{
	*a = (struct local_array){
	    .dirfd = dirfd,
	    .name = name,
	    .word = word,
	    .shown = -1,
	    .next = TEMPFILE_INIT,
	    .dirty = true,
	};
	buf_init(&a->held, HELD_BYTES_MAX);
}

void
local_array_release(struct local_array *a)
{
	if (a->name == NULL)
		return;
	tempfile_drop(&a->next);
	if (a->shown >= 0)
		close(a->shown);
	a->shown = -1;
	buf_release(&a->held);
}

void
local_array_begin(struct local_array *a, struct jsonwrite *w)
{
	a->held_mark = a->held.len;
	jsonwrite_init(w, &a->held, JSONWRITE_INDENTED);
	jsonwrite_resume(w, 1, a->count == 0);
}

static int
copy_shown(struct local_array *a, struct err *err)
{
	int64_t left = a->shown_len;
	ssize_t got;

	if (lseek(a->shown, 0, SEEK_SET) < 0)
		return err_errno(err, "cannot read %s", a->name);
	while (left > 0) {
		got = file_copy_some(a->shown, a->next.fd, (size_t)left, err);
		if (got < 0)
			return (int)got;
		if (got == 0)
			return err_set(
			    err, -EIO, "%s was cut by someone else", a->name);
		left -= got;
	}
	a->next_len = a->shown_len;
	return 0;
}

static int
open_next(struct local_array *a, struct err *err)
{
	int error;

	if (a->next.fd >= 0)
		return 0;
	error = tempfile_open(&a->next, a->dirfd, a->name, a->word, 0666, err);
	if (error < 0)
		return error;
	if (a->shown >= 0)
		return copy_shown(a, err);
	a->next_len = 1;
	return file_write_all(a->next.fd, "[", 1, err);
}

static int
flush_held(struct local_array *a, struct err *err)
{
	int error = open_next(a, err);

	if (error < 0)
		return error;
	error = file_write_all(a->next.fd, a->held.data, a->held.len, err);
	if (error < 0)
		return error;
	a->next_len += (int64_t)a->held.len;
	buf_reset(&a->held);
	return 0;
}

int
local_array_end(struct local_array *a, struct err *err)
{
	int error;

	if (buf_overflowed(&a->held)) {
		a->held.overflow = false;
		buf_truncate(&a->held, a->held_mark);
		return err_set(
		    err, -EMSGSIZE, "an element of %s is too long", a->name);
	}
	a->count++;
	a->dirty = true;
	if (a->held.len < HELD_BYTES)
		return 0;
	error = flush_held(a, err);
	if (error < 0)
		tempfile_drop(&a->next);
	return error;
}

int
local_array_publish(struct local_array *a, struct err *err)
{
	const char *closing = a->count == 0 ? "]" : CLOSING;
	size_t closing_len = a->count == 0 ? 1 : sizeof(CLOSING) - 1;
	int error = flush_held(a, err);

	if (error < 0)
		goto fail;
	error = file_write_all(a->next.fd, closing, closing_len, err);
	if (error < 0)
		goto fail;
	error = tempfile_place(&a->next, a->dirfd, a->name, err);
	if (error < 0)
		goto fail;
	if (a->shown >= 0)
		close(a->shown);
	a->shown = a->next.fd;
	a->shown_len = a->next_len;
	a->next = TEMPFILE_INIT;
	a->dirty = false;
	return 0;
fail:
	tempfile_drop(&a->next);
	return error;
}
