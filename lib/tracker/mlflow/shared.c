/* A list of the whole process, because the runs that share know nothing of each
 * other: an import has a hundred, each with a tracker of its own. */
#include "tracker/mlflow/shared.h"

#include <sha2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "base/die.h"

struct shared {
	struct mlflow_shared public; /* first: the two are cast */
	struct loop *loop;
	/* Of everything that must be equal; no second copy of a password. */
	uint8_t key[SHA256_DIGEST_LENGTH];
	size_t users;
	TAILQ_ENTRY(shared) link;
};

static TAILQ_HEAD(, shared) all = TAILQ_HEAD_INITIALIZER(all);

/* With its NUL, and told from a missing one. */
static void
add(SHA2_CTX *ctx, const char *text)
{
	uint8_t there = text != NULL;

	SHA256Update(ctx, &there, 1);
	if (there)
		SHA256Update(ctx, (const uint8_t *)text, strlen(text) + 1);
}

static void
make_key(const struct mlflow_config *c, uint8_t key[SHA256_DIGEST_LENGTH])
{
	uint8_t insecure = c->insecure;
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	add(&ctx, c->base);
	add(&ctx, c->user);
	add(&ctx, c->password);
	add(&ctx, c->token);
	add(&ctx, c->ca);
	add(&ctx, c->client_cert);
	add(&ctx, c->workspace);
	add(&ctx, c->experiment_name);
	add(&ctx, c->experiment_id);
	add(&ctx, c->run_id);
	SHA256Update(&ctx, &insecure, 1);
	SHA256Final(key, &ctx);
	explicit_bzero(&ctx, sizeof ctx);
}

struct mlflow_shared *
mlflow_shared_get(
    struct loop *loop, const struct mlflow_config *config, struct err *err)
{
	struct http_config http_config = mlflow_config_http(config);
	uint8_t key[SHA256_DIGEST_LENGTH];
	struct shared *s;
	struct http *http;

	make_key(config, key);
	TAILQ_FOREACH (s, &all, link)
		if (s->loop == loop && memcmp(s->key, key, sizeof key) == 0) {
			s->users++;
			return &s->public;
		}
	http = http_new(loop, &http_config, err);
	if (http == NULL)
		return NULL;
	s = xcalloc(1, sizeof *s);
	s->public.http = http;
	s->loop = loop;
	memcpy(s->key, key, sizeof key);
	s->users = 1;
	TAILQ_INSERT_HEAD(&all, s, link);
	return &s->public;
}

void
mlflow_shared_put(struct mlflow_shared *public)
{
	struct shared *s = (struct shared *)public;

	if (s == NULL || --s->users > 0)
		return;
	TAILQ_REMOVE(&all, s, link);
	http_free(s->public.http);
	free(s->public.experiment_id);
	free(s->public.joined_by);
	free(s);
}
