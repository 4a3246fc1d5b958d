#include "wrap/worker/drain_progress.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/terminal.h"
#include "format/text.h"

/* A drain that is over sooner is not worth a word. */
#define FIRST_MS       700
#define EVERY_MS       250
#define LINE_MAX_BYTES 4096

struct drain_progress {
	struct loop *loop;
	struct loop_timer timer;
	int64_t end_ms;
	bool terminal, said;
	void (*left)(struct buf *line, void *data);
	void *data;
};

static void
say(struct drain_progress *c)
{
	int64_t left_ms = c->end_ms - clock_mono_ms();
	struct buf what, line;

	buf_init(&what, LINE_MAX_BYTES);
	buf_init(&line, LINE_MAX_BYTES);
	c->left(&what, c->data);
	if (what.len > 0 && left_ms > 0) {
		buf_adds(&line, c->terminal ? "\r\033[K" : "");
		buf_adds(&line, "itrack: delivering the rest (");
		text_escape(&line, what.data);
		buf_addf(&line, "), %lld s at most; Ctrl-C keeps it for later",
		    (long long)(left_ms + 999) / 1000);
		buf_adds(&line, c->terminal ? "" : "\n");
		(void)!write(STDERR_FILENO, line.data, line.len);
		c->said = true;
	}
	buf_release(&line);
	buf_release(&what);
}

static void
on_timer(struct loop_timer *timer)
{
	struct drain_progress *c = timer->data;

	say(c);
	/* A log gets its one line. */
	if (c->terminal)
		loop_timer_set(c->loop, timer, EVERY_MS);
}

struct drain_progress *
drain_progress_new(struct loop *loop, int64_t drain_ms,
    void (*left)(struct buf *line, void *data), void *data)
{
	struct drain_progress *c = xcalloc(1, sizeof *c);

	c->loop = loop;
	c->end_ms = clock_mono_ms() + drain_ms;
	c->terminal =
	    terminal_redraws(STDERR_FILENO) && terminal_wants_colours();
	c->left = left;
	c->data = data;
	c->timer = (struct loop_timer){.fire = on_timer, .data = c};
	loop_timer_set(loop, &c->timer, FIRST_MS);
	return c;
}

void
drain_progress_free(struct drain_progress *c)
{
	if (c == NULL)
		return;
	loop_timer_cancel(c->loop, &c->timer);
	if (c->said && c->terminal)
		(void)!write(STDERR_FILENO, "\r\033[K", 4);
	free(c);
}
