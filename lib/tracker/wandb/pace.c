#include "tracker/wandb/pace.h"

#include "base/clock.h"

/* W&B's own pace: a request each 15 s, a sign of life after 30 s without. */
#define PACE_MS      15000
#define HEARTBEAT_MS 30000
/* So much that waits goes up before its time, or an import would take hours. */
#define FULL_ENTRIES 500
#define FULL_BYTES   (1024 * 1024)

/* What waits in all runs. */
struct waiting {
	bool repeated; /* a request that was not answered */
	bool news, updates, unopened;
	size_t bytes;
	int64_t quiet_until_ms, updated_ms;
};

static struct waiting
look(struct wandb_online *o)
{
	struct waiting found = {.bytes = 0};
	const struct wandb_server_run *l;

	for (size_t at = 0; (l = wandb_online_live(o, at)) != NULL; at++) {
		found.repeated |= l->stream.waiting;
		found.news |= wandb_stream_has_news(&l->stream);
		found.updates |= wandb_server_run_has_update(l);
		found.unopened |= !l->open;
		found.bytes += l->stream.history.bytes + l->stream.events.bytes;
		if (l->stream.quiet_until_ms > found.quiet_until_ms)
			found.quiet_until_ms = l->stream.quiet_until_ms;
		if (l->updated_ms > found.updated_ms)
			found.updated_ms = l->updated_ms;
	}
	return found;
}

static bool
is_due(const struct wandb_online *o, const struct waiting *w,
    const struct batch *batch)
{
	int64_t now_ms = clock_mono_ms();
	int64_t since_ms = now_ms - o->last_ms;

	if (w->repeated)
		return true;
	if (now_ms < w->quiet_until_ms && !batch->last)
		return false;
	if (w->news)
		return batch->last || o->last_ms == 0 || since_ms >= PACE_MS ||
		    batch->count >= FULL_ENTRIES || w->bytes >= FULL_BYTES;
	if (w->updates)
		return batch->last || now_ms - w->updated_ms >= PACE_MS;
	return o->last_ms != 0 && since_ms >= HEARTBEAT_MS;
}

bool
wandb_pace_is_due(struct wandb_online *o, const struct batch *batch)
{
	struct waiting waiting = look(o);

	o->due = is_due(o, &waiting, batch);
	if (!o->due && !waiting.unopened)
		return false;
	o->beat = o->due && !waiting.news && !waiting.updates;
	if (o->due && (waiting.news || o->beat))
		o->last_ms = clock_mono_ms();
	return true;
}
