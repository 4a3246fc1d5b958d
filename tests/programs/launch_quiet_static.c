/* A static program: no preload library says anything of it. Reads a line of the
 * file that is named. */
#include <fcntl.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char byte;
	int fd = argc > 1 ? open(argv[1], O_RDONLY) : -1;

	return fd >= 0 && read(fd, &byte, 1) >= 0 ? 0 : 1;
}
