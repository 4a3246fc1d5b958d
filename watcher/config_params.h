/*
 * Makes params of the configuration that insideLLMs has resolved
 * (config.resolved.yaml): one for each leaf, `config.model.args.temperature`.
 * Pure: it reads no file.
 *
 * A leaf is a scalar, an empty map, or a list without maps in it, which is a
 * text, as Python's json.dumps writes it. The items of another list are named by
 * their index: `config.models.0.type`. A leaf whose name looks like a secret's
 * is CONFIG_MASK; logins are taken out of addresses. A dataset that stands in
 * the configuration itself holds prompts and answers, so it is left out.
 */
#ifndef WATCHER_CONFIG_PARAMS_H
#define WATCHER_CONFIG_PARAMS_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "journal/entry.h"

#define CONFIG_BYTES_MAX      (1024 * 1024)
#define CONFIG_PARAMS_MAX     300
#define CONFIG_CHARACTERS_MAX 500 /* of a text, and of a name */
/* A line on what is left out has no more bytes. */
#define CONFIG_LEFT_OUT_MAX 4096
#define CONFIG_MASK         "***"

/* Adds the params to `e`, a PARAMS entry. `left_out` gets one line of text if
 * something is left out. -EBADMSG: it is no configuration; err says why. */
int config_params(struct entry *e, const char *bytes, size_t len,
    struct buf *left_out, struct err *err);

#endif
