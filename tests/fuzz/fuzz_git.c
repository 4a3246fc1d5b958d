/*
 * A git work tree's files, in this order: .git (a file that names a directory,
 * if there is such a part), HEAD, a ref, packed-refs, config, commondir. What is
 * read is a commit or nothing, and the remote's address has no user.
 */
#include "base/git.h"
#include "base/uri.h"
#include "tests/fuzz/fuzz.h"

static void
expect_commit(const char *commit)
{
	size_t len = commit != NULL ? strlen(commit) : 40;

	expect(len == 40 || len == 64);
	if (commit != NULL)
		expect(strspn(commit, "0123456789abcdefABCDEF") == len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const folders[] = {
	    "outside", "tree/below", "tree/.git/refs/heads", "linked"};
	/* It looks like a ref, but is none of the repository's. */
	static const char outside[] =
	    "ffffffffffffffffffffffffffffffffffffffff\n";
	const char *at = (const char *)data, *end = at + size;
	char *dir, *remote, *commit, *plain;

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		free(fuzz_make_dir(folders[i]));
	fuzz_put("outside/ref", outside, sizeof outside - 1);
	fuzz_put_part("linked/.git", &at, end);
	fuzz_put_part("tree/.git/HEAD", &at, end);
	fuzz_put_part("tree/.git/refs/heads/main", &at, end);
	fuzz_put_part("tree/.git/packed-refs", &at, end);
	fuzz_put_part("tree/.git/config", &at, end);
	fuzz_put_part("tree/.git/commondir", &at, end);
	for (int i = 0; i < 2; i++) {
		dir = fuzz_path(i == 0 ? "tree/below" : "linked");
		commit = git_commit(dir);
		remote = git_remote(dir);
		expect_commit(commit);
		expect(commit == NULL || commit[0] != 'f' ||
		    memcmp(commit, outside, 40) != 0);
		if (remote != NULL) {
			plain = xstrdup(remote);
			uri_clean(plain);
			expect(strcmp(plain, remote) == 0);
			expect(strpbrk(remote, "\r\n") == NULL);
			free(plain);
		}
		free(remote);
		free(commit);
		free(dir);
	}
	fuzz_clear();
	return 0;
}
