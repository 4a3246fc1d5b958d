#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "format/text.h"
#include "tap.h"
#include "watcher/config_params.h"

static char *
repeated(const char *text, size_t count)
{
	struct buf all;

	buf_init(&all, strlen(text) * count);
	for (size_t i = 0; i < count; i++)
		buf_adds(&all, text);
	return buf_steal(&all);
}

/* "name=value" of each, with blanks between; or "!" and why not; then "|" and
 * what is left out. Allocated. */
static char *
params_of(const char *yaml, size_t len)
{
	struct buf out, left_out;
	struct err err = ERR_INIT;
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, 0);
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	buf_init(&out, (size_t)1 << 22);
	buf_adds(&out, "");
	if (config_params(&e, yaml, len, &left_out, &err) < 0)
		buf_addf(&out, "!%s", err.message);
	for (size_t i = 0; i < e.params.len; i++) {
		buf_addf(
		    &out, "%s%s=", i > 0 ? " " : "", e.params.list[i].name);
		value_text(&e.params.list[i].value, &out);
	}
	if (left_out.len > 0)
		buf_addf(&out, "|%s", left_out.data);
	buf_release(&left_out);
	entry_release(&e);
	return buf_steal(&out);
}

static void
is_params(const char *yaml, const char *want, const char *name)
{
	char *got = params_of(yaml, strlen(yaml));

	is_text(got, want, name);
	free(got);
}

static void
test_leaves(void)
{
	is_params("model:\n  type: dummy\n  args:\n    temperature: 0.1\n",
	    "config.model.type=dummy config.model.args.temperature=0.1",
	    "leaves by their paths");
	is_params("a: {b: yes, c: ~, d: 010, e: '010', f: 1e5}",
	    "config.a.b=True config.a.c=None config.a.d=8 config.a.e=010 "
	    "config.a.f=1e5",
	    "scalars as Python has them");
	is_params("n: 123456789012345678901234567890",
	    "config.n=123456789012345678901234567890", "a large integer");
	is_params("a: {}\nb: []\nc: ''",
	    "config.a={} config.b=[] config.c=", "what is empty");
	is_params("stop: [a, \"\\u03b2\", 1, 1.0, true, ~, [.nan]]",
	    "config.stop=[\"a\", \"\\u03b2\", 1, 1.0, true, null, [NaN]]",
	    "a list of scalars as JSON");
	is_params("models:\n- type: x\n- type: y\n- 3",
	    "config.models.0.type=x config.models.1.type=y config.models.2=3",
	    "a list of maps by index");
	is_params("a: 1\nb: 2\na: 3", "config.a=3 config.b=2",
	    "the last value of a key, where it came first");
	is_params("", "", "an empty file");
	is_params("[1]", "!it is no map", "no map");
	is_params("a: 1\nb: [", "!line 3: did not find expected node content",
	    "no YAML");
	is_params("a: !!python/object:os.x {}",
	    "!line 1: a map with an unknown tag", "a tag of Python's");
	is_params("a: 1\n---\nb: 1", "!line 2: a second document begins",
	    "two documents");
}

static void
test_aliases(void)
{
	is_params(
	    "a: &x {p: 1}\nb: *x", "config.a.p=1 config.b.p=1", "an alias");
	is_params("a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}",
	    "config.a.p=1 config.a.q=2 config.b.p=1 config.b.q=3", "a merge");
	is_params("a: {<<: [{p: 1}, {p: 2, q: 3}], r: 4}",
	    "config.a.p=1 config.a.q=3 config.a.r=4",
	    "of several merged maps the first one counts");
	is_params("a: &x {b: *x}", "!line 1: a value that holds itself",
	    "a value in itself");
	is_params("a: {<<: 1}", "!line 1: << with something that is no map",
	    "a merge of no map");
}

static void
test_secrets(void)
{
	is_params("api_key: a\nAuthToken: b\nclient-SECRET: c\nDB_PASSWORD: 7\n"
		  "headers: {Authorization: d}\ncredentials: {user: e, n: 5}",
	    "config.api_key=*** config.AuthToken=*** config.client-SECRET=*** "
	    "config.DB_PASSWORD=*** config.headers.Authorization=*** "
	    "config.credentials.user=*** config.credentials.n=***",
	    "by their names");
	is_params("keys: [a, b]\ntokens: [{id: 1}]\n",
	    "config.keys=*** config.tokens.0.id=***", "lists of them");
	is_params("use_key: true\napi_key: ~\nsecret: ''",
	    "config.use_key=True config.api_key=None config.secret=",
	    "what can't be one");
	is_params("max_tokens: 512\ntokenizer: gpt2\nkeywords: [a]\n"
		  "token: 1234567890123\nkey: 5\nhf_token: '12'",
	    "config.max_tokens=512 config.tokenizer=gpt2 "
	    "config.keywords=[\"a\"] config.token=*** config.key=*** "
	    "config.hf_token=***",
	    "a count of tokens is none");
	is_params(
	    "env: [{name: OPENAI_API_KEY, value: a}, {name: X, value: b}]",
	    "config.env.0.name=OPENAI_API_KEY config.env.0.value=*** "
	    "config.env.1.name=X config.env.1.value=b",
	    "by a name beside it");
	is_params("a: Bearer x\nb: --api-key=x\nc: [--token, x]\n"
		  "d: HF_TOKEN=x\ne: 'Authorization: x'",
	    "config.a=*** config.b=*** config.c=*** config.d=*** config.e=***",
	    "by their text");
	is_params("url: https://u:p@host/x?key=1\nurls: [http://u:p@host/]",
	    "config.url=https://host/x config.urls=[\"http://host/\"]",
	    "the login of an address");
}

static void
test_limits(void)
{
	char *text = repeated("\xce\xb2", 500), *yaml, *got, *many;

	yaml = xasprintf("a: %s\nb: %sx\nc: 1", text, text);
	got = params_of(yaml, strlen(yaml));
	ok(strstr(got,
	       " config.c=1|not among the params: config.b (501 "
	       "characters)") != NULL &&
		strncmp(got, "config.a=\xce\xb2", 11) == 0,
	    "a text of 501 characters is left out, and named");
	free(got);
	free(yaml);
	free(text);
	is_params("dataset: {format: inline, items: [{q: a}], data: [b]}",
	    "config.dataset.format=inline|not among the params: "
	    "config.dataset.items (the data itself), config.dataset.data (the "
	    "data itself)",
	    "the items of a dataset are left out");
	is_params("a: !!binary aGk=\nb: 1",
	    "config.b=1|not among the params: config.a (binary)", "bytes");
	many = repeated("- {a: 1}\n", 305);
	yaml = xasprintf("x:\n%s", many);
	got = params_of(yaml, strlen(yaml));
	ok(strstr(got,
	       "config.x.299.a=1|305 values, of which 300 are params") != NULL,
	    "300 of 305 values, and said");
	free(got);
	free(yaml);
	free(many);
}

/* `levels` lines, each of which has nine times what the one before has. */
static char *
laughs(const char *first, const char *line, int levels)
{
	struct buf out;

	buf_init(&out, 65536);
	buf_addf(&out, "l0: &l0 %s\n", first);
	for (int i = 1; i < levels; i++) {
		buf_addf(
		    &out, "l%d: &l%d %s", i, i, line[0] == '<' ? "{" : "[");
		for (int k = 0; k < 9; k++)
			buf_addf(&out, "%s*l%d", k > 0 ? ", " : line, i - 1);
		buf_addf(&out, "%s\n", line[0] == '<' ? "]}" : "]");
	}
	return buf_steal(&out);
}

static void
test_bombs(void)
{
	char *yaml = laughs("[lol, lol]", "", 90), *got, *deep;

	got = params_of(yaml, strlen(yaml));
	ok(strstr(got, "config.l0=[\"lol\", \"lol\"]") == got &&
		strstr(got, "(a longer list)") != NULL,
	    "lists of lists of lists");
	free(got);
	free(yaml);
	yaml = laughs("{a: 1, b: 2}", "", 90);
	got = params_of(yaml, strlen(yaml));
	ok(strstr(got, "more than") != NULL && strlen(got) < 65536,
	    "lists of lists of maps");
	free(got);
	free(yaml);
	yaml = laughs("{a: 1, b: 2}", "<<: [", 90);
	got = params_of(yaml, strlen(yaml));
	ok(got[0] == '!' || strlen(got) < 65536, "merges of merges");
	free(got);
	free(yaml);
	deep = repeated("[", 200000);
	got = params_of(deep, strlen(deep));
	is_text(got, "!line 1: it is nested too deeply", "200000 lists");
	free(got);
	free(deep);
	deep = repeated("a: {b: [{", 40);
	got = params_of(deep, strlen(deep));
	ok(got[0] == '!', "40 maps in maps that never end");
	free(got);
	free(deep);
	yaml = repeated("- 1\n", 150000);
	got = params_of(yaml, strlen(yaml));
	is_text(got, "!line 100001: it has too many values", "150000 values");
	free(got);
	free(yaml);
}

int
main(void)
{
	test_leaves();
	test_aliases();
	test_secrets();
	test_limits();
	test_bombs();
	return done_testing();
}
