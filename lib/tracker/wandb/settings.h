/*
 * Finds out where W&B is and who we are there, by W&B's own rules: from our
 * options, then its variables, its settings files and netrc.
 *
 *	wandb_settings_load(&s, &wishes);
 *	... s.base_url, s.key ...
 *	wandb_settings_release(&s);
 *
 * The key is the only secret: it lives here and in the HTTP client, and goes
 * into no message, log, journal or cursor.
 */
#ifndef TRACKER_WANDB_SETTINGS_H
#define TRACKER_WANDB_SETTINGS_H

#include <stdbool.h>

#include "base/err.h"
#include "tracker/plan.h"

enum wandb_mode {
	WANDB_UNDECIDED, /* never after wandb_settings_load */
	WANDB_ONLINE,
	WANDB_OFFLINE,
	WANDB_DISABLED
};

struct wandb_settings {
	enum wandb_mode mode; /* as asked for; if not asked, `key` decides */
	bool mode_given;      /* by option, variable or settings file */
	char *base_url;       /* no slash at the end, nothing secret */
	/* What the user must know about the address, and why no key is sent
	 * there. Each is one line, or NULL. */
	char *note, *refused;
	/* A line on a file that may not be read, and counts as missing; or
	 * NULL. */
	char *denied;
	/* A file that could not be looked at may say otherwise: nothing here
	 * counts. Code 0: there is none. */
	struct err unread;
	char *root;    /* W&B's folder, for offline runs */
	char *entity;  /* NULL: the key's default */
	char *project; /* NULL: none set for W&B alone */
	char *key;     /* NULL: none found */
	/* Why there is no key: one line, NULL if there is one. */
	char *why_no_key;
	/* The way to the server, by W&B's variables: its own proxies, whether
	 * certificates are not verified, and "Name: value" of headers for that
	 * server, NULL behind the last. NULL: none. */
	char *http_proxy, *https_proxy;
	bool insecure;
	char **headers;
};

/* The values of our own options, as texts; NULL: not given. */
struct wandb_wishes {
	const char *mode, *entity, *base_url, *dir;
	const char *cwd; /* of the command */
};

/* The wishes that a plan holds. Borrows its texts. */
struct wandb_wishes wandb_wishes_of(const struct plan *plan);
/* The project: the option's, else the one set for W&B, else the plan's.
 * Borrowed. */
const char *wandb_project_of(
    const struct plan *plan, const struct wandb_settings *s);
/* Where a run goes: the server or folder, the entity and the project.
 * Allocated; NULL: that can't be told now. */
char *wandb_destination(const struct plan *plan, struct err *err);

void wandb_settings_load(
    struct wandb_settings *s, const struct wandb_wishes *wishes);
void wandb_settings_release(struct wandb_settings *s);

/* For key.c: the content of a file of W&B's settings as a string, or NULL; and a path
 * below $HOME, or NULL. Both allocated. */
char *wandb_settings_read(struct wandb_settings *s, const char *path);
char *wandb_home_file(const char *name);

#endif
