#include "wrap/itrack/compare/run.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/file.h"
#include "base/lines.h"
#include "format/text.h"
#include "mapping/decode.h"
#include "mapping/names.h"
#include "mapping/question.h"
#include "watcher/config_params.h"
#include "watcher/records.h"

/* Statuses and error types, each once, and the bytes of them all. */
#define WORDS_MAX       10000
#define WORDS_MAX_BYTES ((size_t)4 * 1024 * 1024)
/* A text beyond these bounds gets this one; the survey has the counts. */
#define WORD_BEYOND "(other)"

/* Python's str() of the value; NULL for none and null. */
static char *
text_of(const struct json_span *value)
{
	struct buf text;

	if (value->type == JSON_NONE || value->type == JSON_NULL)
		return NULL;
	buf_init(&text, SIZE_MAX / 2);
	json_pystr(value, &text);
	return buf_steal(&text);
}

static const char *
word_of(struct texts *words, const struct json_span *value)
{
	struct counted_text *word;
	char *text = text_of(value);

	word = texts_find(words, text != NULL ? text : "");
	free(text);
	if (word == NULL)
		return WORD_BEYOND;
	word->count++;
	return word->text;
}

static void
take_scores(struct run_case *c, const struct numbers *names)
{
	if (!names->any)
		return;
	c->score_len = names->len;
	c->scores = xcalloc(names->len, sizeof c->scores[0]);
	for (size_t i = 0; i < names->len; i++)
		c->scores[i] = names->present[i] ? names->values[i] : NAN;
}

static void
take_record(const struct survey *s, const struct survey_record *r, void *data)
{
	struct run *run = data;
	struct question q;
	struct run_case *c;

	run->cases =
	    xgrow(run->cases, run->len, &run->cap, sizeof run->cases[0]);
	c = &run->cases[run->len++];
	question_read(&q, r->line, r->len);
	*c = (struct run_case){
	    .experiment = r->experiment,
	    .number = r->number,
	    .digest = question_digest(&q),
	    .key = text_of(&q.replicate_key),
	    .example = text_of(&q.example_id),
	    .success = json_is(&r->record->status, "success"),
	    .status = word_of(&run->statuses, &r->record->status),
	    .error_type = word_of(&run->error_types, &r->record->error_type),
	    .latency_ms = NAN,
	};
	if (c->example == NULL)
		c->example = xstrdup("");
	take_scores(c, &s->scores.names);
	if (json_double(&r->record->latency_ms, &c->latency_ms) < 0 ||
	    !isfinite(c->latency_ms))
		c->latency_ms = NAN;
	if (!isnan(c->latency_ms) && c->success) {
		quantiles_add(&run->latency_ms, c->latency_ms);
		sum_add(&run->latency_sum_ms, c->latency_ms);
	}
}

static char *
words(struct buf *line)
{
	char *text = buf_steal(line);

	if (text[0] != '\0')
		return text;
	free(text);
	return NULL;
}

/* A configuration that can't be read is named; the rest is compared all the same. */
static int
read_config(struct run *run, struct err *err)
{
	struct err why = ERR_INIT;
	struct buf bytes, left_out;
	int there;

	buf_init(&bytes, CONFIG_BYTES_MAX);
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	there =
	    file_read_linked_if_there(run->survey.fd, CONFIG_FILE, &bytes, err);
	if (there == 0)
		buf_adds(&left_out, "there is no " CONFIG_FILE);
	if (there > 0 &&
	    config_params(
		&run->config, bytes.data, bytes.len, &left_out, &why) < 0) {
		buf_reset(&left_out);
		buf_addf(&left_out, CONFIG_FILE ": %s", why.message);
	}
	run->config_why = words(&left_out);
	buf_release(&bytes);
	return there < 0 ? there : 0;
}

int
run_read(struct run *run, const char *dir, struct err *err)
{
	int r;

	*run = (struct run){.dir = xstrdup(dir)};
	texts_init(&run->statuses, WORDS_MAX, WORDS_MAX_BYTES);
	texts_init(&run->error_types, WORDS_MAX, WORDS_MAX_BYTES);
	entry_init(&run->config, ENTRY_PARAMS, 0);
	r = survey_read_each(&run->survey, dir, take_record, run, err);
	if (r < 0)
		return r;
	r = read_config(run, err);
	return r < 0 ? err_prefix(err, "%s", dir) : 0;
}

void
run_release(struct run *run)
{
	for (size_t i = 0; i < run->len; i++) {
		free(run->cases[i].key);
		free(run->cases[i].example);
		free(run->cases[i].scores);
	}
	free(run->cases);
	free(run->dir);
	free(run->attempt);
	free(run->config_why);
	entry_release(&run->config);
	texts_release(&run->statuses);
	texts_release(&run->error_types);
	quantiles_release(&run->latency_ms);
	survey_release(&run->survey);
}

bool
run_case_counts(const struct run_case *c)
{
	return c->experiment != NULL && !c->experiment->retired;
}

double
run_case_score(
    const struct run *run, const struct run_case *c, const char *name)
{
	const struct numbers *names = &run->survey.scores.names;

	for (size_t i = 0; i < c->score_len; i++)
		if (strcmp(names->keys[i], name) == 0)
			return c->scores[i];
	return NAN;
}

static void
take_texts(struct run_texts *texts, const char *line, size_t len)
{
	struct question q;

	question_read(&q, line, len);
	*texts = (struct run_texts){
	    .input =
		text_of(q.messages.type == JSON_ARRAY ? &q.messages : &q.input),
	    .output = text_of(
		q.output_text.type == JSON_STRING ? &q.output_text : &q.output),
	    .error = text_of(&q.error),
	};
}

int
run_read_texts(const struct run *run, const struct run_case *const *cases,
    size_t len, struct run_texts *texts, struct err *err)
{
	struct lines lines;
	const char *line;
	uint64_t number = 0;
	size_t at = 0, bytes;
	int fd = records_open(run->survey.fd, NULL, err), r = 0;

	memset(texts, 0, len * sizeof texts[0]);
	if (fd < 0)
		return err_prefix(err, "%s", run->dir);
	lines_init(&lines, fd);
	while (at < len && (r = lines_next(&lines, &line, &bytes, err)) > 0)
		for (number++; at < len && cases[at]->number == number; at++)
			if (r == LINES_LINE)
				take_texts(&texts[at], line, bytes);
	/* The last record may have no newline. */
	if (r >= 0 && at < len && lines_rest(&lines, &line, &bytes))
		take_texts(&texts[at], line, bytes);
	lines_release(&lines);
	close(fd);
	return r < 0 ? err_prefix(err, "%s", run->dir) : 0;
}

void
run_texts_release(struct run_texts *texts)
{
	free(texts->input);
	free(texts->output);
	free(texts->error);
}
