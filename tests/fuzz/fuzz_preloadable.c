/* The headers of a program, whatever they say: a yes or a no. */
#include <sys/mman.h>

#include "tests/fuzz/fuzz.h"
#include "wrap/launch/preloadable.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	char path[64];

	expect(fd >= 0 && file_write_all(fd, data, size, NULL) == 0);
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	if (size < 4 || memcmp(data, "\177ELF", 4) != 0)
		expect(preloadable_command(path));
	else
		preloadable_command(path);
	close(fd);
	return 0;
}
