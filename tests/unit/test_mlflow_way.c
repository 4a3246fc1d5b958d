/* What a server may say of the place of a run's files, and what is made of it.
 */
#include "tracker/mlflow/way.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "tap.h"

#define ID "0123456789abcdef0123456789abcdef"

static const char *const words[] = {"proxy", "folder", "page", "none"};

/* PATH NULL: none is given. */
static void
leads(const char *uri, enum mlflow_way want, const char *want_path)
{
	struct err err = ERR_INIT;
	char *path;
	enum mlflow_way got =
	    mlflow_way("https://h:5000/p", uri, ID, &path, &err);

	is_text(words[got], words[want], uri);
	is_text(path, want_path, "  and its path");
	if (want == MLFLOW_WAY_NONE)
		ok(err.message[0] != '\0', "  says: %s", err.message);
	free(path);
}

static void
test_proxy(void)
{
	leads("mlflow-artifacts:/7/a/artifacts", MLFLOW_WAY_PROXY,
	    "7/a/artifacts");
	leads("mlflow-artifacts:/7/a%20b", MLFLOW_WAY_PROXY, "7/a b");
	leads("mlflow-artifacts:///7/a", MLFLOW_WAY_PROXY, "7/a");
	leads("mlflow-artifacts://h:5000/7/a", MLFLOW_WAY_PROXY, "7/a");
	leads("mlflow-artifacts://H:5000/7/a..b/...", MLFLOW_WAY_PROXY,
	    "7/a..b/...");
	leads("mlflow-artifacts://h/7", MLFLOW_WAY_PAGE, NULL);
	leads("mlflow-artifacts://h:5001/7", MLFLOW_WAY_PAGE, NULL);
	leads("mlflow-artifacts://other/7", MLFLOW_WAY_PAGE, NULL);
	leads("mlflow-artifacts://h:5000@other/7", MLFLOW_WAY_PAGE, NULL);
	leads("mlflow-artifacts://u:p@h:5000/7", MLFLOW_WAY_PAGE, NULL);
	leads("mlflow-artifacts:/../x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/../../x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/..", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/%2e%2e/x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/.%252E/x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7%2f..%2fx", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/./x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/..%5Cx", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7/a%0Ab", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7?x=/../y", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:/7#x", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts:7", MLFLOW_WAY_NONE, NULL);
	leads("mlflow-artifacts://h:5000/../x", MLFLOW_WAY_NONE, NULL);
}

static void
test_others(void)
{
	leads("https://h:5000/x", MLFLOW_WAY_PAGE, NULL);
	leads("https://other/x", MLFLOW_WAY_PAGE, NULL);
	leads("s3://bucket/x", MLFLOW_WAY_PAGE, NULL);
	leads("ftp://u:p@h/x", MLFLOW_WAY_PAGE, NULL);
	leads("", MLFLOW_WAY_PAGE, NULL);
	leads("relative/" ID "/artifacts", MLFLOW_WAY_PAGE, NULL);
	leads("/s/" ID "/artifacts", MLFLOW_WAY_FOLDER, "/s/" ID "/artifacts");
	leads("file:///s%20t/" ID "/artifacts", MLFLOW_WAY_FOLDER,
	    "/s t/" ID "/artifacts");
	leads("file:/s/" ID "/artifacts", MLFLOW_WAY_FOLDER,
	    "/s/" ID "/artifacts");
	leads("file://other/s/" ID "/artifacts", MLFLOW_WAY_PAGE, NULL);
	leads("/s/" ID, MLFLOW_WAY_PAGE, NULL);
	leads("/" ID "artifacts", MLFLOW_WAY_PAGE, NULL);
	leads("/s/x" ID "/artifacts", MLFLOW_WAY_PAGE, NULL);
	leads("/home/me/artifacts", MLFLOW_WAY_PAGE, NULL);
	leads("/s/../t/" ID "/artifacts", MLFLOW_WAY_NONE, NULL);
	leads("file:///s/%2e%2e/t/" ID "/artifacts", MLFLOW_WAY_NONE, NULL);
}

static void
opens(const char *path, bool want, const char *name)
{
	int fd = mlflow_way_open(path);

	ok((fd >= 0) == want, "%s", name);
	if (fd >= 0)
		close(fd);
}

static void
test_open(void)
{
	char top[] = "/tmp/itrack-test-way-XXXXXX";
	char *run, *path, *other, *link;

	if (mkdtemp(top) == NULL)
		die("no directory");
	run = xasprintf("%s/1/" ID, top);
	path = xasprintf("%s/artifacts", run);
	other = xasprintf("%s/other", top);
	link = xasprintf("%s/link/" ID "/artifacts", top);
	opens(path, false, "what is not there");
	ok(access(run, F_OK) < 0, "is not made");
	file_make_dirs(run, 0700, NULL);
	opens(path, false, "a run without its folder");
	mkdir(other, 0700);
	ok(symlink(other, path) == 0, "a link");
	opens(path, false, "is not followed");
	unlink(path);
	mkdir(path, 0700);
	opens(path, true, "the run's own folder");
	free(other);
	other = xasprintf("%s/link", top);
	ok(symlink("1", other) == 0, "a link above it");
	opens(link, false, "is not followed either");
	unlink(other);
	rmdir(path);
	rmdir(run);
	free(other);
	other = xasprintf("%s/other", top);
	rmdir(other);
	free(other);
	other = xasprintf("%s/1", top);
	rmdir(other);
	rmdir(top);
	free(run);
	free(path);
	free(other);
	free(link);
}

int
main(void)
{
	test_proxy();
	test_others();
	test_open();
	return done_testing();
}
