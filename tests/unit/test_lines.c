#include "base/lines.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tap.h"

static struct lines l;
static const char *line;
static size_t len;

static void
begin(const char *content, size_t size)
{
	int fd = memfd_create("lines", 0);

	if (l.data != NULL || l.fd > 0)
		close(l.fd);
	lines_release(&l);
	if (fd < 0 || write(fd, content, size) != (ssize_t)size)
		abort();
	lseek(fd, 0, SEEK_SET);
	lines_init(&l, fd);
}

static void
is_line(const char *want)
{
	ok(lines_next(&l, &line, &len, NULL) == LINES_LINE &&
		len == strlen(want) && memcmp(line, want, len) == 0,
	    "line \"%s\"", want);
}

static void
is_end(uint64_t torn, uint64_t offset)
{
	is_int(lines_next(&l, &line, &len, NULL), LINES_END, "the end");
	is_int((long long)lines_torn(&l), (long long)torn, "torn bytes");
	is_int((long long)l.offset, (long long)offset, "offset");
}

static void
test_long(void)
{
	const size_t size = 3 * 1024 * 1024;
	char *content = malloc(2 * size);
	size_t small;

	if (content == NULL)
		abort();
	memset(content, 'x', 2 * size);
	content[0] = 'a';
	content[1] = '\n';
	content[size] = '\n';
	memset(content + size + 1, '\n', size - 3);
	begin(content, 2 * size);
	is_line("a");
	ok(lines_next(&l, &line, &len, NULL) == LINES_LINE && len == size - 2,
	    "a line of 3 MB");
	for (small = 0; lines_next(&l, &line, &len, NULL) == LINES_LINE;)
		small++;
	is_int((long long)small, (long long)size - 3, "empty lines");
	ok(l.cap < size, "the memory is given back");
	is_int((long long)lines_torn(&l), 2, "torn bytes");

	begin(content, 2 * size);
	l.line_max = 1024 * 1024;
	is_line("a");
	is_int(lines_next(&l, &line, &len, NULL), LINES_TOO_LONG, "too long");
	is_line("");
	is_int((long long)l.offset, (long long)size + 2, "offset behind it");
	begin(content, size);
	l.line_max = 1024 * 1024;
	is_line("a");
	is_end(size - 2, 2);
	free(content);
}

int
main(void)
{
	l.fd = -1;
	begin("", 0);
	is_end(0, 0);
	begin("\n\na\r\nbc", 7);
	is_line("");
	is_line("");
	is_line("a\r");
	is_end(2, 5);
	ok(write(l.fd, "d\ne", 3) == 3 && lseek(l.fd, -3, SEEK_CUR) > 0,
	    "the file grows");
	is_line("bcd");
	is_end(1, 9);
	begin("a\0b\n", 4);
	ok(lines_next(&l, &line, &len, NULL) == LINES_LINE && len == 3,
	    "a NUL is a byte like others");
	test_long();
	close(l.fd);
	l.fd = -1;
	ok(lines_next(&l, &line, &len, NULL) < 0, "a failed read");
	lines_release(&l);
	return done_testing();
}
