/*
 * Rows for a W&B table, as the library kept them: the first
 * line of the input names the columns, with blanks between them, the rest is
 * the file. What comes out is one JSON document of as many rows and columns as
 * were counted.
 */
#include <sys/mman.h>

#include "tests/fuzz/fuzz.h"
#include "tracker/wandb/table.h"

#define COLUMNS_MAX 16

static int64_t
count_elements(const struct json_span *array)
{
	struct jsonscan s;
	int64_t n = 0;

	expect(array->type == JSON_ARRAY);
	jsonscan_init_span(&s, array);
	jsonscan_enter(&s, '[');
	while (jsonscan_element(&s) > 0) {
		jsonscan_value(&s, NULL);
		n++;
	}
	return n;
}

static void
check_document(const struct wandb_table *table, int fd)
{
	struct json_span root, columns, data, row;
	struct buf text;
	struct jsonscan s;
	char *room;

	expect(table->size >= 0 && lseek(fd, 0, SEEK_END) == table->size);
	buf_init(&text, (size_t)table->size + 1);
	room = buf_reserve(&text, (size_t)table->size);
	expect(room != NULL &&
	    pread(fd, room, (size_t)table->size, 0) == table->size);
	buf_advance(&text, (size_t)table->size);
	fuzz_expect_json(text.data, text.len);
	jsonscan_whole(text.data, text.len, &root);
	columns = json_member(&root, "columns");
	data = json_member(&root, "data");
	expect(count_elements(&columns) == table->column_count);
	expect(count_elements(&data) == table->rows);
	jsonscan_init_span(&s, &data);
	jsonscan_enter(&s, '[');
	while (jsonscan_element(&s) > 0 && jsonscan_value(&s, &row) == 0)
		expect(count_elements(&row) == table->column_count);
	buf_release(&text);
}

static void
make_table(const struct entry_table *entry)
{
	int to = memfd_create("table", MFD_CLOEXEC), more;
	struct wandb_values summary;
	struct wandb_table table;

	more = wandb_table_begin(&table, entry, to, NULL);
	while (more >= 0 && (more = wandb_table_step(&table, NULL)) > 0)
		;
	if (more == 0) {
		expect(strncmp(table.name, "media/table/", 12) == 0);
		expect(strchr(table.name + 12, '/') == NULL);
		wandb_values_init(&summary);
		wandb_table_show(&table, &summary);
		expect(!TAILQ_EMPTY(&summary.set.list));
		wandb_values_release(&summary);
		check_document(&table, to);
	}
	wandb_table_release(&table);
	close(to);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *newline = memchr(data, '\n', size);
	size_t first =
	    newline != NULL ? (size_t)(newline - (const char *)data) : 0;
	char *line = xstrndup((const char *)data, first), *rest = line;
	struct entry_table entry = {.name = (char *)"t\xc0\x80/.."};
	char *columns[COLUMNS_MAX], *path = fuzz_path("rows");

	entry.columns = columns;
	while (rest != NULL && entry.column_len < COLUMNS_MAX)
		columns[entry.column_len++] = strsep(&rest, " ");
	if (newline != NULL)
		first++;
	fuzz_put("rows", data + first, size - first);
	entry.path = path;
	make_table(&entry);
	free(path);
	free(line);
	fuzz_clear();
	return 0;
}
