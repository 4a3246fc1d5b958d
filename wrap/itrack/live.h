/*
 * The live view of a terminal: some lines for each run that is being written,
 * drawn anew below what was said before. Nothing on what is no terminal.
 *
 *	live = live_new();                 NULL: no terminal
 *	live_begin(live, finished);        then, for each attempt:
 *	live_add(live, attempt);
 *	live_draw(live);
 *	live_hide(live);                   before a line of the report
 *	live_free(live);                   takes it away
 */
#ifndef WRAP_ITRACK_LIVE_H
#define WRAP_ITRACK_LIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "wrap/attempt/attempt.h"

/* How often it is drawn. */
#define LIVE_EVERY_MS 500

struct live;

/* Every function takes NULL. */
struct live *live_new(void);
void live_free(struct live *live);

/* `finished`: runs that are tracked and over. */
void live_begin(struct live *live, size_t finished);
void live_add(struct live *live, const struct attempt *a);
void live_draw(struct live *live);
void live_hide(struct live *live);

#endif
