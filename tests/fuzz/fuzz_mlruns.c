/*
 * MLflow's file store as others left it: a name, the meta.yaml of an
 * experiment, a metric's file, a param's file. The experiment is found or made
 * below the root, a name that we write is read again, and what we append stands
 * in lines of its own.
 */
#include "base/path.h"
#include "foreign/yaml.h"
#include "format/text.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/mlflow/store/store.h"

#define META_MAX ((size_t)1 << 26)

/* The same text comes back from YAML. */
static void
check_quoted(const char *text)
{
	struct buf yaml, utf8;
	char *again;

	buf_init(&yaml, META_MAX);
	buf_init(&utf8, META_MAX);
	buf_adds(&utf8, "");
	text_to_utf8(&utf8, text);
	buf_adds(&yaml, "id: 1\nname: ");
	mlruns_quote(&yaml, text);
	buf_addc(&yaml, '\n');
	again = yaml_member(yaml.data, yaml.len, "name");
	expect(fuzz_same(again, utf8.data));
	free(again);
	buf_release(&yaml);
	buf_release(&utf8);
}

static void
check_experiment(const char *path, const char *name)
{
	struct mlruns_root root = {path, mlruns_open_root(path, NULL)};
	struct stat found, same;
	char *id, *again;
	int dir;

	expect(root.fd >= 0);
	dir = mlruns_experiment(&root, name, NULL, &id, NULL);
	if (dir < 0)
		goto out;
	expect(strspn(id, "0123456789") == strlen(id) && id[0] != '\0');
	expect(fstatat(root.fd, id, &found, AT_SYMLINK_NOFOLLOW) == 0);
	expect(fstat(dir, &same) == 0 && same.st_ino == found.st_ino);
	close(dir);
	/* It is one for good. */
	dir = mlruns_experiment(&root, name, NULL, &again, NULL);
	expect(dir >= 0 && strcmp(id, again) == 0);
	close(dir);
	free(again);
	free(id);
out:
	close(root.fd);
}

static void
check_points(const char *root)
{
	static const char line[] = "1000 0.5 3\n";
	struct mlruns_points *points = mlruns_points_new();
	char *above = path_parent(root);
	struct mlruns_run run = {.dir = (char *)root,
	    .experiment = open(above, O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    .id = (char *)path_base(root),
	    .check = true};
	struct buf text;
	const char *at;
	int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	expect(run.experiment >= 0 && folder_mark(fd, run.mark, NULL) == 0);
	close(fd);
	free(above);
	mlruns_points_add(points, "m", 1000, 0.5, 3);
	expect(mlruns_points_write(points, &run, NULL) == 0);
	mlruns_points_free(points);
	fuzz_get("root/metrics/m", &text);
	expect(text.len > 0 && text.data[text.len - 1] == '\n');
	at = memmem(text.data, text.len, line, sizeof line - 1);
	while (at != NULL && at > text.data && at[-1] != '\n')
		at = memmem(at + 1, text.len - (size_t)(at + 1 - text.data),
		    line, sizeof line - 1);
	expect(at != NULL);
	buf_release(&text);
	expect(mlruns_write_param(&run, "p", "value", NULL) >= 0);
	expect(mlruns_write_tag(&run, "t", "value", NULL) == 0);
	close(run.experiment);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	char *root = fuzz_path("root"), *name, *part;
	size_t len;

	free(fuzz_make_dir("root/1"));
	free(fuzz_make_dir("root/metrics"));
	free(fuzz_make_dir("root/params"));
	free(fuzz_make_dir("root/tags"));
	name = fuzz_part(&at, end, &len);
	part = fuzz_part(&at, end, &len);
	fuzz_put("root/1/meta.yaml", part, len);
	free(part);
	part = fuzz_part(&at, end, &len);
	fuzz_put("root/metrics/m", part, len);
	free(part);
	part = fuzz_part(&at, end, &len);
	fuzz_put("root/params/p", part, len);
	free(part);
	check_quoted(name);
	check_experiment(root, name);
	check_points(root);
	free(name);
	free(root);
	fuzz_clear();
	return 0;
}
