/*
 * Reads a file of records, ROUNDS times, a line at a time by decode_line(), and
 * prints records, bytes and the seconds of CPU time that one round took (the
 * best one):
 *
 *	read_speed FILE ROUNDS
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/die.h"
#include "mapping/decode.h"

#define BLOCK_BYTES    65536
#define LINE_MAX_BYTES ((size_t)1 << 30)

static double
cpu_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Decodes the whole lines at the front of `b`, of which the first `known`
 * bytes have no newline; returns how many are records. */
static size_t
take_lines(struct buf *b, size_t known)
{
	struct record record;
	const char *line = b->data, *end = b->data + b->len, *newline;
	size_t records = 0, seen = known;

	while ((newline = memchr(
		    line + seen, '\n', (size_t)(end - line) - seen)) != NULL) {
		records += decode_line(&record, line,
			       (size_t)(newline - line)) == DECODED_RECORD;
		line = newline + 1;
		seen = 0;
	}
	buf_consume(b, (size_t)(line - b->data));
	return records;
}

static size_t
read_records(int fd, struct buf *b, size_t *bytes)
{
	size_t records = 0, known;
	char *room;
	ssize_t n;

	*bytes = 0;
	buf_reset(b);
	for (;;) {
		known = b->len;
		room = buf_reserve(b, BLOCK_BYTES);
		if (room == NULL)
			die("a line is too long");
		n = read(fd, room, BLOCK_BYTES);
		if (n <= 0)
			return records;
		buf_advance(b, (size_t)n);
		*bytes += (size_t)n;
		records += take_lines(b, known);
	}
}

int
main(int argc, char **argv)
{
	struct buf b;
	double best = 0, start, seconds;
	size_t records = 0, bytes = 0;
	long rounds, i;
	int fd;

	if (argc != 3)
		die("usage: read_speed FILE ROUNDS");
	rounds = strtol(argv[2], NULL, 10);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		die("can't open %s", argv[1]);
	buf_init(&b, LINE_MAX_BYTES);
	for (i = 0; i < rounds; i++) {
		lseek(fd, 0, SEEK_SET);
		start = cpu_seconds();
		records = read_records(fd, &b, &bytes);
		seconds = cpu_seconds() - start;
		if (i == 0 || seconds < best)
			best = seconds;
	}
	printf("%zu %zu %.6f\n", records, bytes, best);
	buf_release(&b);
	close(fd);
	return 0;
}
