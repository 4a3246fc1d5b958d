/*
 * As another user (65534; so root must start it) connects to the socket of an
 * itrack-wrap again and again, and says nothing: until it is killed, a minute
 * at the most. Prints a line when it has connected a thousand times.
 *
 *	launch_flood NAME	(as ITRACK_SOCKET has it)
 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NOBODY 65534
#define MANY   1000

int
main(int argc, char **argv)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	socklen_t len;

	if (argc != 2 || strlen(argv[1]) > sizeof(address.sun_path) - 1 ||
	    setgid(NOBODY) < 0 || setuid(NOBODY) < 0)
		return 2;
	alarm(60);
	memcpy(address.sun_path + 1, argv[1], strlen(argv[1]));
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    strlen(argv[1]));
	for (int done = 0;;) {
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0);

		if (connect(fd, (struct sockaddr *)&address, len) == 0 &&
		    ++done == MANY) {
			puts("flooding");
			fflush(stdout);
		}
		close(fd);
	}
}
