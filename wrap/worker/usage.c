#include "wrap/worker/usage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "base/clock.h"

#define MEGABYTE      1e6
#define BYTES_PER_KIB 1024
#define BLOCK_BYTES   512 /* of ru_inblock and ru_oublock */
#define MS_PER_SECOND 1e3
#define PERCENT       100.0

/* A file of a process, which is a page at most. */
static bool
read_text(char *text, size_t size, pid_t pid, const char *name)
{
	char path[48];
	ssize_t len;
	int fd;

	snprintf(path, sizeof path, "/proc/%d/%.16s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, text, size - 1);
	close(fd);
	text[len > 0 ? len : 0] = '\0';
	return len > 0;
}

static void
add_stat(struct usage *u, pid_t pid)
{
	unsigned long long own, kernel;
	long long waited, waited_kernel, pages;
	const char *behind_name;
	char text[1024];

	/* proc(5): the name may hold anything. */
	if (!read_text(text, sizeof text, pid, "stat") ||
	    (behind_name = strrchr(text, ')')) == NULL ||
	    sscanf(behind_name + 1,
		" %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld "
		"%lld %*d %*d %*d %*d %*u %*u %lld",
		&own, &kernel, &waited, &waited_kernel, &pages) != 5)
		return;
	u->processes++;
	u->cpu_seconds += ((double)own + (double)kernel + (double)waited +
			      (double)waited_kernel) /
	    (double)sysconf(_SC_CLK_TCK);
	if (pages > 0)
		u->memory_bytes +=
		    (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The kernel tells it of processes of our own user alone. */
static void
add_io(struct usage *u, pid_t pid)
{
	const char *read_at, *written_at;
	char text[1024];

	if (!read_text(text, sizeof text, pid, "io"))
		return;
	read_at = strstr(text, "\nread_bytes: ");
	written_at = strstr(text, "\nwrite_bytes: ");
	if (read_at == NULL || written_at == NULL)
		return;
	u->has_io = true;
	u->read_bytes += strtoull(strchr(read_at, ' '), NULL, 10);
	u->written_bytes += strtoull(strchr(written_at, ' '), NULL, 10);
}

void
usage_read(struct usage *u, const struct descendants *d)
{
	*u = (struct usage){.mono_ms = clock_mono_ms()};
	for (size_t i = 0; i < d->len; i++) {
		add_stat(u, d->list[i].pid);
		add_io(u, d->list[i].pid);
	}
}

static void
put(struct usage_values *values, const char *name, double value)
{
	values->list[values->len++] =
	    (struct metric){.name = (char *)(uintptr_t)name, .value = value};
}

static void
put_cpu(struct usage_values *values, double cpu_seconds, double seconds)
{
	long processors = sysconf(_SC_NPROCESSORS_ONLN);
	double percent;

	if (seconds <= 0 || processors <= 0)
		return;
	percent = PERCENT * cpu_seconds / seconds / (double)processors;
	/* A process whose time counted before is gone, and nobody waited for
	 * it; or the clock of processor time is a tick ahead. */
	if (percent < 0)
		percent = 0;
	if (percent > PERCENT)
		percent = PERCENT;
	put(values, "system/cpu_utilization_percentage", percent);
}

static void
put_memory(struct usage_values *values, uint64_t bytes)
{
	struct sysinfo info;

	put(values, "system/system_memory_usage_megabytes",
	    (double)bytes / MEGABYTE);
	if (sysinfo(&info) == 0 && info.totalram > 0)
		put(values, "system/system_memory_usage_percentage",
		    PERCENT * (double)bytes /
			((double)info.totalram * (double)info.mem_unit));
}

static void
put_io(struct usage_values *values, uint64_t read_bytes, uint64_t written_bytes)
{
	put(values, "system/disk_read_megabytes",
	    (double)read_bytes / MEGABYTE);
	put(values, "system/disk_written_megabytes",
	    (double)written_bytes / MEGABYTE);
}

void
usage_between(struct usage_values *values, const struct usage *before,
    const struct usage *now)
{
	values->len = 0;
	if (now->processes == 0)
		return;
	if (before->processes > 0)
		put_cpu(values, now->cpu_seconds - before->cpu_seconds,
		    (double)(now->mono_ms - before->mono_ms) / MS_PER_SECOND);
	put_memory(values, now->memory_bytes);
	if (now->has_io)
		put_io(values, now->read_bytes, now->written_bytes);
}

static double
seconds_of(const struct timeval *time)
{
	return (double)time->tv_sec + (double)time->tv_usec / 1e6;
}

void
usage_of_child(
    struct usage_values *values, const struct rusage *usage, double seconds)
{
	values->len = 0;
	put_cpu(values,
	    seconds_of(&usage->ru_utime) + seconds_of(&usage->ru_stime),
	    seconds);
	put_memory(values, (uint64_t)usage->ru_maxrss * BYTES_PER_KIB);
	put_io(values, (uint64_t)usage->ru_inblock * BLOCK_BYTES,
	    (uint64_t)usage->ru_oublock * BLOCK_BYTES);
}
