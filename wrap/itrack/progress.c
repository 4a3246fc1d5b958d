#include "wrap/itrack/progress.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/terminal.h"

/* On a terminal. */
#define FIRST_MS 1000
#define EVERY_MS 250
/* In a log each wait is twice the one before, up to a minute. */
#define FIRST_LINE_MS  2000
#define RAREST_LINE_MS 60000
#define LINE_MAX_BYTES 256
/* From here on the time left is said in minutes. */
#define MINUTES_FROM_S 90

struct progress {
	struct loop *loop;
	struct loop_timer timer;
	size_t total, done;
	int64_t begun_ms, wait_ms;
	bool terminal, said;
};

static void
add_left(struct buf *line, double seconds)
{
	if (seconds < MINUTES_FROM_S)
		buf_addf(line, ", %.0f s left", seconds);
	else if (seconds < 3600)
		buf_addf(line, ", %.0f min left", seconds / 60);
	else
		buf_addf(line, ", %.1f h left", seconds / 3600);
}

static void
say(struct progress *p)
{
	double seconds = (double)(clock_mono_ms() - p->begun_ms) / 1000;
	double rate = seconds > 0 ? (double)p->done / seconds : 0;
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	buf_addf(&line, "%sitrack: %zu of %zu runs",
	    p->terminal ? "\r\033[K" : "", p->done, p->total);
	if (p->done > 0) {
		buf_addf(&line, ", %.*f a second", rate < 10 ? 1 : 0, rate);
		add_left(&line, (double)(p->total - p->done) / rate);
	}
	buf_adds(&line, p->terminal ? "" : "\n");
	(void)!write(STDERR_FILENO, line.data, line.len);
	buf_release(&line);
	p->said = true;
}

static void
on_timer(struct loop_timer *timer)
{
	struct progress *p = timer->data;

	say(p);
	if (!p->terminal && p->wait_ms < RAREST_LINE_MS)
		p->wait_ms *= 2;
	loop_timer_set(p->loop, timer, p->terminal ? EVERY_MS : p->wait_ms);
}

struct progress *
progress_new(struct loop *loop, size_t total)
{
	struct progress *p = xcalloc(1, sizeof *p);

	p->loop = loop;
	p->total = total;
	p->begun_ms = clock_mono_ms();
	p->wait_ms = FIRST_LINE_MS;
	p->terminal =
	    terminal_redraws(STDERR_FILENO) && terminal_wants_colours();
	p->timer = (struct loop_timer){.fire = on_timer, .data = p};
	/* One has no rate. */
	if (total > 1)
		loop_timer_set(
		    loop, &p->timer, p->terminal ? FIRST_MS : FIRST_LINE_MS);
	return p;
}

void
progress_step(struct progress *p)
{
	if (p->done < p->total)
		p->done++;
}

void
progress_free(struct progress *p)
{
	if (p == NULL)
		return;
	loop_timer_cancel(p->loop, &p->timer);
	if (p->said && p->terminal)
		(void)!write(STDERR_FILENO, "\r\033[K", 4);
	free(p);
}
