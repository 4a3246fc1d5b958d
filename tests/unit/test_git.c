/* The commit of a work tree: the ways that HEAD may go, and those it may not.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/git.h"
#include "tap.h"

#define COMMIT_A "0123456789012345678901234567890123456789"
#define COMMIT_B "abcdefabcdefabcdefabcdefabcdefabcdefabcd"

static char dir[] = "/tmp/itrack-git-XXXXXX";

static void
put(const char *name, const char *text)
{
	char *path = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		die("%s can't be written", path);
	free(path);
}

static void
is_commit(const char *head, const char *want, const char *name)
{
	char *tree = xasprintf("%s/tree", dir), *commit;

	put("tree/.git/HEAD", head);
	commit = git_commit(tree);
	is_text(commit, want, name);
	free(commit);
	free(tree);
}

static void
make(const char *name)
{
	char *path = xasprintf("%s/%s", dir, name);

	if (file_make_dirs(path, 0700, NULL) < 0)
		die("%s can't be made", path);
	free(path);
}

int
main(void)
{
	char *head, *command;

	if (mkdtemp(dir) == NULL)
		return 1;
	make("tree/.git/refs/heads");
	put("tree/.git/refs/heads/main", COMMIT_A "\n");
	put("tree/.git/refs/heads/alias", "ref: refs/heads/main\n");
	put("tree/.git/packed-refs", "# pack-refs\n" COMMIT_B " refs/packed\n");
	put("outside", COMMIT_B "\n");
	is_commit("ref: refs/heads/main\n", COMMIT_A, "a loose ref");
	is_commit("ref: refs/heads/alias\n", COMMIT_A, "by another one");
	is_commit("ref: refs/packed\n", COMMIT_B, "a packed ref");
	is_commit(COMMIT_B "\n", COMMIT_B, "a detached head");
	is_commit("ref: refs/none\n", NULL, "no commit yet");
	is_commit("ref: refs/../../../outside\n", NULL, "no way up");
	head = xasprintf("ref: %s/outside\n", dir);
	is_commit(head, NULL, "no whole path");
	free(head);
	command = xasprintf("rm -rf '%s'", dir);
	if (system(command) != 0)
		printf("# %s: failed\n", command);
	free(command);
	return done_testing();
}
