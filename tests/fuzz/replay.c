/*
 * A fuzz target over its seeds, without libFuzzer, as a TAP program: each seed
 * in a process of its own, so that one that fails does not hide the others.
 *
 *	build/tests/fuzz/NAME [FILE]...     default: tests/fuzz/corpus/NAME/
 */
#include <dirent.h>
#include <signal.h>
#include <sys/wait.h>

#include "base/path.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/tap.h"

#define SEED_MAX_BYTES ((size_t)1 << 26)

/* Of exactly the seed's length, so that reading past its end is seen. */
static void
run_seed(const char *path)
{
	struct buf seed;
	uint8_t *data;

	buf_init(&seed, SEED_MAX_BYTES);
	expect(file_read_all(AT_FDCWD, path, &seed, NULL) == 0);
	data = xmalloc(seed.len > 0 ? seed.len : 1);
	memcpy(data, seed.data, seed.len);
	LLVMFuzzerTestOneInput(data, seed.len);
	/* Once more: what the first time leaves behind must not count. */
	LLVMFuzzerTestOneInput(data, seed.len);
	free(data);
	buf_release(&seed);
}

static void
replay(const char *path)
{
	int status = -1;
	pid_t child;

	fflush(NULL);
	child = fork();
	if (child == 0) {
		run_seed(path);
		exit(0);
	}
	if (child > 0)
		waitpid(child, &status, 0);
	if (ok(status == 0, "%s", path_base(path)))
		return;
	if (WIFSIGNALED(status))
		printf("# %s\n", strsignal(WTERMSIG(status)));
	else
		printf("# exit status %d\n", WEXITSTATUS(status));
}

static int
is_seed(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

static void
replay_all(const char *dir)
{
	struct dirent **names = NULL;
	int count = scandir(dir, &names, is_seed, alphasort);

	ok(count > 0, "seeds in %s", dir);
	for (int i = 0; i < count; i++) {
		char *path = path_join(dir, names[i]->d_name);

		replay(path);
		free(path);
		free(names[i]);
	}
	free(names);
}

int
main(int argc, char **argv)
{
	char *corpus = path_join("tests/fuzz/corpus", path_base(argv[0]));

	/* What a target that is killed leaves goes with ours. */
	setenv("TMPDIR", fuzz_dir(), 1);
	fuzz_dir_path[0] = '\0';
	if (argc < 2)
		replay_all(corpus);
	for (int i = 1; i < argc; i++)
		replay(argv[i]);
	snprintf(fuzz_dir_path, sizeof fuzz_dir_path, "%s", getenv("TMPDIR"));
	free(corpus);
	return done_testing();
}
