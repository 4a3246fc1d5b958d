/*
 * W&B's variables of this process, with W&B's forms of values: the way to its server
 * (proxies, certificates, headers for what stands before it).
 */
#ifndef TRACKER_WANDB_VARIABLES_H
#define TRACKER_WANDB_VARIABLES_H

#include "tracker/wandb/settings.h"

/* Fills http_proxy, https_proxy, insecure and headers. Sets s->refused, where it
 * is NULL, if a variable can't be read: a server behind a proxy that wants a
 * header would get everything without it. */
void wandb_variables_load(struct wandb_settings *s);
void wandb_variables_release(struct wandb_settings *s);

/* The variable's value as text, allocated; NULL: none. */
char *wandb_variable_text(const char *name);

#endif
