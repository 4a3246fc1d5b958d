/*
 * Finds the key for a W&B server: in WANDB_API_KEY, else in netrc; and tells what is
 * a key.
 */
#ifndef TRACKER_WANDB_KEY_H
#define TRACKER_WANDB_KEY_H

#include <stdbool.h>

#include "tracker/wandb/settings.h"

/* Fills s->key, for s->base_url, or s->why_no_key. */
void wandb_key_find(struct wandb_settings *s);
/* Has netrc a key for this very server? */
bool wandb_key_is_for(struct wandb_settings *s, const char *url);

/* "host" or "host:port" of a URL, as netrc names it. Allocated. */
char *wandb_url_host(const char *url);
/* Accepts what W&B's own check accepts: 40 characters or more behind a prefix
 * that ends with the first "-", or a token (JWT). */
bool wandb_key_is_valid(const char *key);

#endif
