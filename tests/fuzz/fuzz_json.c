/*
 * What a server answers: any status with any body is classified, and the
 * members that the MLflow tracker looks for are looked for. The first byte
 * chooses the status. What our own scanner reads, cJSON reads as the same.
 */
#include "foreign/json.h"
#include "foreign/yaml.h"
#include "tests/fuzz/fuzz.h"
#include "tests/unit/same_json.h"
#include "tracker/mlflow/private.h"

static const int statuses[] = {200, 400, 401, 403, 404, 429, 500, 501, 503};
static const char *const paths[] = {"run.info.run_id", "runs.0.info.run_id",
    "experiment.lifecycle_stage", "error_code", "message", "a..b", "0.0"};

/* The file store's YAML comes from other programs too. */
static void
read_yaml(const char *text, size_t len)
{
	char *name = yaml_member(text, len, "name");

	expect(name == NULL || strlen(name) <= len * 4);
	free(name);
}

static void
read_twice(const char *body, size_t len)
{
	struct json_span span;
	cJSON *doc;
	int result = json_document(body, len, &doc, NULL);

	expect((result == 0) == (doc != NULL));
	if (jsonscan_whole(body, len, &span) == 0 && result != -EMSGSIZE)
		expect(doc != NULL && same_json(&span, doc));
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
		free(json_at_text_new(doc, paths[i]));
	cJSON_Delete(doc);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct http_answer http = {.error = "an error", .type = ""};
	struct mlflow_answer answer;
	char *body;

	if (size == 0)
		return 0;
	body = xmalloc(size);
	memcpy(body, data + 1, size - 1);
	body[size - 1] = '\0';
	http.status =
	    statuses[data[0] % (sizeof statuses / sizeof statuses[0])];
	http.result = http_status_result(http.status);
	http.body = body;
	http.body_len = size - 1;
	mlflow_classify("http://h", &http, true, &answer);
	expect(answer.outcome != OUTCOME_PENDING);
	expect(answer.outcome != OUTCOME_DONE || cJSON_IsObject(answer.doc));
	expect(answer.outcome == OUTCOME_DONE || answer.err.message[0] != '\0');
	cJSON_Delete(answer.doc);
	read_twice(body, size - 1);
	read_yaml(body, size - 1);
	free(body);
	return 0;
}
