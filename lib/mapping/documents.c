#include "mapping/documents.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/die.h"

/* A text of a document goes into params, where every destination cuts longer
 * ones anyway. */
#define DOCUMENT_TEXT_MAX (64 * 1024)

struct json_span
document_root(const char *bytes, size_t len)
{
	struct json_span root = {.type = JSON_NONE};
	struct jsonscan s;

	if (bytes == NULL)
		return root;
	jsonscan_init(&s, bytes, len);
	if (jsonscan_value(&s, &root) < 0 || jsonscan_end(&s) < 0)
		root.type = JSON_NONE;
	return root;
}

/* str(value); NULL if that is too long. */
static char *
text_new(const struct json_span *value)
{
	struct buf text;

	buf_init(&text, DOCUMENT_TEXT_MAX);
	if (json_pystr(value, &text) == 0)
		return buf_steal(&text);
	buf_release(&text);
	return NULL;
}

/* The member as text if it is not empty. */
static char *
member_text(const struct json_span *object, const char *key)
{
	struct json_span value = json_member(object, key);

	return json_truth(&value) ? text_new(&value) : NULL;
}

/* The member as a file's name, if the file is in the directory itself. */
static char *
member_name(const struct json_span *object, const char *key)
{
	char *name = member_text(object, key);

	if (name == NULL ||
	    (strchr(name, '/') == NULL && strcmp(name, ".") != 0 &&
		strcmp(name, "..") != 0))
		return name;
	free(name);
	return NULL;
}

/* root.<document>.params.<key>, an integer not below zero. */
static int64_t
read_count(const struct json_span *root, const char *document, const char *key)
{
	struct json_span value = json_member(root, document);
	int64_t count;

	value = json_member(&value, "params");
	value = json_member(&value, key);
	if (json_int64(&value, &count) < 0 || count < 0)
		return -1;
	return count;
}

static void
read_dataset(struct manifest *m, const struct json_span *dataset)
{
	static const char *const names[MANIFEST_DATASET_LEN][2] = {
	    {"dataset_id", "dataset_id"},
	    {"dataset_version", "dataset_version"},
	    {"dataset_hash", "dataset_hash"},
	    {"provenance", "dataset_provenance"},
	};
	struct json_span value;
	size_t i;

	m->has_dataset = dataset->type == JSON_OBJECT;
	for (i = 0; m->has_dataset && i < MANIFEST_DATASET_LEN; i++) {
		value = json_member(dataset, names[i][0]);
		m->dataset[i].name = xstrdup(names[i][1]);
		if (value.type == JSON_NONE || value.type == JSON_NULL)
			continue;
		m->dataset[i].value.text = text_new(&value);
		if (m->dataset[i].value.text != NULL)
			m->dataset[i].value.type = VALUE_TEXT;
	}
}

void
manifest_read(struct manifest *m, const char *bytes, size_t len)
{
	struct json_span root = document_root(bytes, len), value;

	*m = (struct manifest){
	    .model_count = -1, .probe_count = -1, .record_count = -1};
	m->there = root.type == JSON_OBJECT;
	m->run_id = member_text(&root, "run_id");
	m->schema_version = member_text(&root, "schema_version");
	m->command = member_text(&root, "command");
	m->records_file = member_name(&root, "records_file");
	value = json_member(&root, "record_count");
	if (json_int64(&value, &m->record_count) < 0 || m->record_count < 0)
		m->record_count = -1;
	value = json_member(&root, "custom");
	value = json_member(&value, "harness");
	m->harness = value.type == JSON_OBJECT;
	if (m->harness) {
		m->model_count = read_count(&root, "model", "model_count");
		m->probe_count = read_count(&root, "probe", "probe_count");
	}
	value = json_member(&root, "dataset");
	read_dataset(m, &value);
}

int64_t
manifest_missing(const char *bytes, size_t len, uint64_t count)
{
	struct json_span root = document_root(bytes, len);
	struct json_span value = json_member(&root, "record_count");
	int64_t all;

	if (json_int64(&value, &all) < 0 || all < 0 || (uint64_t)all <= count)
		return 0;
	return all - (int64_t)count;
}

void
manifest_release(struct manifest *m)
{
	size_t i;

	free(m->run_id);
	free(m->schema_version);
	free(m->command);
	free(m->records_file);
	for (i = 0; i < MANIFEST_DATASET_LEN; i++) {
		free(m->dataset[i].name);
		free(m->dataset[i].value.text);
	}
	*m = (struct manifest){.there = false};
}

void
summary_read(const char *bytes, size_t len,
    void (*each)(const char *probe_name, double accuracy, void *data),
    void *data)
{
	struct json_span value = document_root(bytes, len), key, count, mean;
	struct jsonscan s;
	double n, accuracy;
	char *name;

	value = json_member(&value, "summary");
	value = json_member(&value, "by_probe");
	if (value.type != JSON_OBJECT)
		return;
	jsonscan_init_span(&s, &value);
	jsonscan_enter(&s, '{');
	while (jsonscan_member(&s, &key) > 0) {
		if (jsonscan_value(&s, &value) < 0)
			break;
		value = json_member(&value, "accuracy");
		count = json_member(&value, "n");
		mean = json_member(&value, "mean");
		if (json_double(&count, &n) < 0 || n != 1 ||
		    json_double(&mean, &accuracy) < 0 || !isfinite(accuracy))
			continue;
		name = json_text_new(&key);
		each(name, accuracy, data);
		free(name);
	}
}

/* The texts of a list, with a semicolon between. */
static void
join(struct buf *out, const struct json_span *list)
{
	struct json_span value;
	struct jsonscan s;

	if (list->type != JSON_ARRAY)
		return;
	jsonscan_init_span(&s, list);
	jsonscan_enter(&s, '[');
	while (jsonscan_element(&s) > 0 && jsonscan_value(&s, &value) == 0) {
		if (value.type != JSON_STRING)
			continue;
		if (out->len > 0)
			buf_adds(out, "; ");
		json_pystr(&value, out);
	}
}

void
verdict_add(struct entry *params, const char *bytes, size_t len)
{
	struct json_span root = document_root(bytes, len), value;
	struct buf reasons;

	value = json_member(&root, "passed");
	if (value.type != JSON_TRUE && value.type != JSON_FALSE)
		return;
	entry_add_param_bool(params, "policy/passed", value.type == JSON_TRUE);
	value = json_member(&root, "reasons");
	buf_init(&reasons, DOCUMENT_TEXT_MAX);
	join(&reasons, &value);
	if (buf_overflowed(&reasons))
		entry_add_param_text(
		    params, "policy/reasons", "too many: see the verdict");
	else if (reasons.len > 0)
		entry_add_param_text(params, "policy/reasons", reasons.data);
	buf_release(&reasons);
}
