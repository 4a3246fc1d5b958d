/* A static program that runs another one and leaves as it did, as a launcher
 * written in Go or Rust would. -c: with an empty environment. */
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	char *none[] = {NULL};
	int status = 0, at = argc > 1 && strcmp(argv[1], "-c") == 0 ? 2 : 1;
	pid_t pid = fork();

	if (pid == 0) {
		execve(argv[at], argv + at, at == 2 ? none : environ);
		perror(argv[at]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}
