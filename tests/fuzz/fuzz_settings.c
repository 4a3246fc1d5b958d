/*
 * The files that say where a server is and who we are there: W&B's settings of
 * the home directory and of the run's folder, netrc, MLflow's credentials. Four
 * parts of the input, in this order.
 */
#include "base/uri.h"
#include "tests/fuzz/fuzz.h"
#include "tracker/mlflow/config.h"
#include "tracker/wandb/key.h"
#include "tracker/wandb/settings.h"

static void
load_wandb(const char *folder)
{
	const struct wandb_wishes wishes = {.dir = folder, .cwd = folder};
	struct wandb_settings s;
	char *host, *plain;
	size_t len;

	wandb_settings_load(&s, &wishes);
	expect(s.mode != WANDB_UNDECIDED);
	expect((s.key == NULL) == (s.why_no_key != NULL));
	if (s.key != NULL)
		expect(wandb_key_is_valid(s.key) &&
		    strpbrk(s.key, "\r\n") == NULL);
	len = strlen(s.base_url);
	expect(len == 0 || s.base_url[len - 1] != '/');
	plain = xstrdup(s.base_url);
	uri_clean(plain);
	expect(strcmp(plain, s.base_url) == 0);
	host = wandb_url_host(s.base_url);
	expect(strchr(host, '/') == NULL);
	expect(strncmp(s.root, folder, strlen(folder)) == 0);
	free(host);
	free(plain);
	wandb_settings_release(&s);
}

static void
load_mlflow(void)
{
	const struct mlflow_choice choice = {
	    .uri = "http://127.0.0.1:5000/", .project = "p", .cwd = "/"};
	struct mlflow_config c;

	expect(mlflow_config_load(&c, &choice, NULL) == 0);
	expect((c.user == NULL) == (c.password == NULL));
	if (c.user != NULL)
		expect(strpbrk(c.user, "\n") == NULL &&
		    strpbrk(c.password, "\n") == NULL);
	mlflow_config_release(&c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const folders[] = {
	    "home/.config/wandb", "home/.mlflow", "run/wandb"};
	const char *at = (const char *)data, *end = at + size;
	char *home = fuzz_path("home"), *run = fuzz_path("run");

	for (size_t i = 0; i < sizeof folders / sizeof folders[0]; i++)
		free(fuzz_make_dir(folders[i]));
	setenv("HOME", home, 1);
	fuzz_put_part("home/.config/wandb/settings", &at, end);
	fuzz_put_part("run/wandb/settings", &at, end);
	fuzz_put_part("home/.netrc", &at, end);
	fuzz_put_part("home/.mlflow/credentials", &at, end);
	load_wandb(run);
	load_mlflow();
	free(home);
	free(run);
	fuzz_clear();
	return 0;
}
