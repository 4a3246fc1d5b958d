/*
 * W&B's own alert: it mails or posts to Slack what the user has set there. One
 * request, sent once, beside what the tracker delivers; the run must be there.
 *
 *	wandb_alert_send(&alert, loop, &plan, &news, &err);
 *	... done(why, data) once, from the loop; why NULL: W&B took it ...
 *	wandb_alert_release(&alert);     cancels what is under way
 */
#ifndef TRACKER_WANDB_ALERT_H
#define TRACKER_WANDB_ALERT_H

#include "tracker/plan.h"
#include "tracker/wandb/client.h"
#include "tracker/wandb/settings.h"

/* Zeroed: at rest. */
struct wandb_alert {
	struct wandb_settings settings;
	struct wandb_client client;
	struct wandb_call call;
	bool open;
	void (*done)(const char *why, void *data);
	void *data;
};

struct wandb_alert_news {
	/* Where the tracker says that the run is,
	 * ".../ENTITY/PROJECT/runs/ID"; NULL: nowhere. */
	const char *place;
	const char *title, *text;
	bool bad; /* the run has not finished */
};

/* -ENOTSUP: the run is on no server; another negative errno: it can't be sent. */
int wandb_alert_send(struct wandb_alert *a, struct loop *loop,
    const struct plan *plan, const struct wandb_alert_news *news,
    struct err *err);
void wandb_alert_release(struct wandb_alert *a);

#endif
