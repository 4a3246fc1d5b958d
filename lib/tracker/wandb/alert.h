/*
 * W&B's own alert: it mails or posts to Slack what the user has set there. One
 * request, sent once, beside what the tracker delivers; the run must be there.
 *
 *	wandb_alert_send(&alert, loop, &plan, place, title, text, &err);
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

/* `place`: where the tracker says that the run is, ".../ENTITY/PROJECT/runs/ID".
 * -ENOTSUP: that is no run on a server; another negative errno: it can't be
 * sent. `bad`: the run has not finished. */
int wandb_alert_send(struct wandb_alert *a, struct loop *loop,
    const struct plan *plan, const char *place, const char *title,
    const char *text, bool bad, struct err *err);
void wandb_alert_release(struct wandb_alert *a);

#endif
