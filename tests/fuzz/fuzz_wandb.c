/* What the W&B tracker reads of others: netrc, settings files, URLs, and
 * records that become a table. Any bytes, never a crash. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "tracker/wandb_settings.h"
#include "tracker/wandb_table.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
try_table(const char *bytes, size_t size)
{
	static char *columns[] = {(char *)"a", (char *)"a.b", (char *)"a.*",
	    (char *)"s.#", (char *)"."};
	char path[] = "/tmp/fuzz_wandb.XXXXXX";
	int from = mkstemp(path), to = memfd_create("to", 0), more;
	struct entry_table entry = {.name = (char *)"t",
	    .columns = columns,
	    .column_len = sizeof(columns) / sizeof(columns[0])};
	struct wandb_values summary;
	struct wandb_table table;

	entry.path = path;
	if (from < 0 || to < 0 || file_write_all(from, bytes, size, NULL) < 0)
		abort();
	more = wandb_table_begin(&table, &entry, to, NULL);
	if (more == 0) {
		while ((more = wandb_table_step(&table, NULL)) > 0)
			;
		wandb_values_init(&summary);
		if (more == 0)
			wandb_table_show(&table, &summary);
		wandb_values_release(&summary);
	}
	wandb_table_release(&table);
	unlink(path);
	close(from);
	close(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);

	free(wandb_netrc_password(text, "host"));
	free(wandb_ini_value(text, "entity"));
	free(wandb_url_host(text));
	wandb_key_is_valid(text);
	free(text);
	try_table((const char *)data, size);
	return 0;
}
