/*
 * The way to W&B's server as its variables have it: proxies, certificates, and
 * headers for what stands before the server.
 */
#ifndef TRACKER_WANDB_CONNECTION_H
#define TRACKER_WANDB_CONNECTION_H

#include "tracker/wandb/settings.h"

/* Fills http_proxy, https_proxy, insecure and headers. Sets s->refused, where it
 * is NULL, if a variable can't be read: a server behind a proxy that wants a
 * header would get everything without it. */
void wandb_connection_load(struct wandb_settings *s);
void wandb_connection_release(struct wandb_settings *s);

#endif
