/* Names and opens the event files of a TensorBoard run. Readers take a
 * directory's files in the order of their names and never go back, so each new
 * one sorts behind all others. An old file is never touched: a reader that has
 * met its torn end would be stuck for ever if that end were repaired. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/file.h"
#include "base/folder.h"
#include "tracker/tensorboard/run.h"

#define NAME_BEGIN "events.out.tfevents."
/* The start in seconds has ten digits until the year 2286. */
#define TIME_DIGITS   10
#define TIME_MAX      9999999999LL
#define US_PER_SECOND 1000000
/* Names of other processes that start in the same second. */
#define NAME_TRIES 1000

int
tbrun_open_dir(const struct tbrun *run, bool make, struct err *err)
{
	int dir = folder_open(run->shared->dir, run->below, make, err);

	return dir < 0 ? err_prefix(err, "%s", run->path) : dir;
}

/* `data`: the time in the last of the names that were looked at. */
static int
look_at_time(const char *name, void *data)
{
	char digits[TIME_DIGITS + 1];
	int64_t *newest = data, time;
	const char *error;

	if (strncmp(name, NAME_BEGIN, strlen(NAME_BEGIN)) != 0)
		return 0;
	snprintf(digits, sizeof(digits), "%s", name + strlen(NAME_BEGIN));
	time = strtonum(digits, 0, TIME_MAX, &error);
	if (error == NULL && time > *newest)
		*newest = time;
	return 0;
}

static void
host_name(char host[HOST_NAME_MAX + 1])
{
	char *c;

	if (gethostname(host, HOST_NAME_MAX + 1) < 0)
		host[0] = '\0';
	host[HOST_NAME_MAX] = '\0';
	for (c = host; *c != '\0'; c++)
		if (*c == '/')
			*c = '_';
}

/* A descriptor of the new file, its name in run->file. */
static int
create_file(struct tbrun *run, int dir, int64_t time, struct err *err)
{
	char host[HOST_NAME_MAX + 1];
	int64_t newest = 0;
	int fd = -1, i;

	i = file_each_name(dir, ".", look_at_time, &newest, err);
	if (i < 0)
		return err_prefix(err, "%s", run->path);
	host_name(host);
	if (time <= newest)
		time = newest + 1;
	for (i = 0; fd < 0 && i < NAME_TRIES; i++, time++) {
		free(run->file);
		run->file = xasprintf(NAME_BEGIN "%010jd.%s.%07d.0",
		    (intmax_t)time, host, (int)getpid());
		fd = openat(dir, run->file,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
		if (fd < 0 && errno != EEXIST)
			break;
	}
	if (fd < 0) {
		fd =
		    err_errno(err, "cannot create %s/%s", run->path, run->file);
		free(run->file);
		run->file = NULL;
	}
	return fd;
}

int
tbrun_make_file(struct tbrun *run, struct err *err)
{
	int64_t now_us = clock_wall_us(), first_step = 0, us;
	int dir = tbrun_open_dir(run, true, err), fd;
	struct buf start;

	if (dir < 0)
		return dir;
	fd = create_file(run, dir, now_us / US_PER_SECOND, err);
	close(dir);
	if (fd < 0)
		return fd;
	close(fd);
	if (run->has_files && run->last_step < INT64_MAX)
		first_step = run->last_step + 1;
	us = run->has_files ? now_us : run->started_us;
	buf_init(&start, run->out.max);
	tfevent_version(&start, (double)us / US_PER_SECOND);
	tfevent_start(&start, (double)us / US_PER_SECOND, first_step);
	buf_add(&start, run->out.data, run->out.len);
	buf_release(&run->out);
	run->out = start;
	return 0;
}

/* We open the file for each write, so that we notice if somebody removed it. */
static int
open_file(const struct tbrun *run, struct err *err)
{
	int dir = tbrun_open_dir(run, false, err), fd;

	if (dir < 0)
		return dir;
	fd = folder_open_file(dir, run->file, O_WRONLY | O_APPEND, err);
	close(dir);
	return fd < 0 ? err_prefix(err, "%s", run->path) : fd;
}

int
tbrun_write(struct tbrun *run, struct err *err)
{
	ssize_t written;
	int fd;

	if (run->out.len == 0)
		return 0;
	if (run->file == NULL && tbrun_make_file(run, err) < 0)
		return err->code;
	if (run->torn || buf_overflowed(&run->out))
		return err_set(
		    err, -EIO, "%s: nothing more can be written", run->path);
	fd = open_file(run, err);
	if (fd < 0)
		return fd;
	do
		written = write(fd, run->out.data, run->out.len);
	while (written < 0 && errno == EINTR);
	if (written < 0) {
		run->torn = true;
		err_errno(err, "cannot write %s/%s", run->path, run->file);
		close(fd);
		return err->code;
	}
	close(fd);
	if ((size_t)written < run->out.len) {
		run->torn = true;
		return err_set(err, -ENOSPC, "%s: the disk is full", run->path);
	}
	buf_reset(&run->out);
	return 0;
}
