#include "wrap/itrack/live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/terminal.h"
#include "format/text.h"
#include "format/width.h"
#include "tracker/common/display.h"
#include "wrap/attempt/result_line.h"
#include "wrap/itrack/live_text.h"
#include "wrap/itrack/live_total.h"

#define FRAME_MAX_BYTES ((size_t)1024 * 1024)
#define LINE_MAX_BYTES  16384
/* What a terminal that says nothing has. */
#define ROWS    24
#define COLUMNS 80
/* The rate is that of the last one or two of these. */
#define WINDOW_MS 10000
/* Lines of a run where there is room, with the blank one. */
#define RUN_LINES 4

#define ERASE "\033[J"
#define BOLD  "\033[1m"
#define GREEN "\033[32m"
#define RED   "\033[31m"
#define DIM   "\033[2m"
#define PLAIN "\033[0m"

/* What is remembered of an attempt between two frames. */
struct pulse {
	char *attempt;
	bool seen;
	int64_t total; /* records that the run will have; 0: not known */
	struct beat {
		int64_t at_ms, records;
	} old, mid;
	TAILQ_ENTRY(pulse) link;
};

struct live {
	struct buf frame; /* as it is being made */
	struct buf shown; /* as it was drawn last */
	size_t lines;     /* of `shown`; 0: it is not on the screen */
	size_t columns, rows;
	bool colors;
	struct scene *scenes;
	size_t len, cap, finished;
	TAILQ_HEAD(, pulse) pulses;
};

struct live *
live_new(void)
{
	struct live *live;

	if (!terminal_redraws(STDERR_FILENO))
		return NULL;
	live = xcalloc(1, sizeof *live);
	buf_init(&live->frame, FRAME_MAX_BYTES);
	buf_init(&live->shown, FRAME_MAX_BYTES);
	live->colors = terminal_wants_colours();
	TAILQ_INIT(&live->pulses);
	return live;
}

static void
forget_scenes(struct live *live)
{
	while (live->len > 0) {
		free(live->scenes[--live->len].name);
		free(live->scenes[live->len].dir);
	}
}

static void
free_pulse(struct live *live, struct pulse *p)
{
	TAILQ_REMOVE(&live->pulses, p, link);
	free(p->attempt);
	free(p);
}

void
live_free(struct live *live)
{
	struct pulse *p;

	if (live == NULL)
		return;
	live_hide(live);
	forget_scenes(live);
	while ((p = TAILQ_FIRST(&live->pulses)) != NULL)
		free_pulse(live, p);
	free(live->scenes);
	buf_release(&live->frame);
	buf_release(&live->shown);
	free(live);
}

void
live_begin(struct live *live, size_t finished)
{
	struct pulse *p;

	if (live == NULL)
		return;
	forget_scenes(live);
	live->finished = finished;
	TAILQ_FOREACH (p, &live->pulses, link)
		p->seen = false;
}

static struct pulse *
pulse_of(struct live *live, const struct scene *s)
{
	const char *name = attempt_name(s->attempt);
	struct beat now = {clock_mono_ms(), s->records};
	struct pulse *p;

	TAILQ_FOREACH (p, &live->pulses, link)
		if (strcmp(p->attempt, name) == 0)
			break;
	if (p == NULL) {
		p = xcalloc(1, sizeof *p);
		p->attempt = xstrdup(name);
		p->old = p->mid = now;
		TAILQ_INSERT_TAIL(&live->pulses, p, link);
	}
	if (p->total == 0)
		p->total = live_total(s->dir);
	if (now.at_ms - p->mid.at_ms > WINDOW_MS) {
		p->old = p->mid;
		p->mid = now;
	}
	p->seen = true;
	return p;
}

void
live_add(struct live *live, const struct attempt *a)
{
	const struct watcher *w = attempt_watcher(a);
	const struct pulse *p;
	struct scene *s;
	int64_t now_ms = clock_mono_ms();

	if (live == NULL)
		return;
	live->scenes =
	    xgrow(live->scenes, live->len, &live->cap, sizeof live->scenes[0]);
	s = &live->scenes[live->len++];
	*s = (struct scene){.attempt = a,
	    .name = display_name(attempt_start(a), attempt_run_id(a)),
	    .dir = xstrdup(attempt_start(a)->run_dir),
	    .derive = w != NULL ? watcher_derive(w) : NULL};
	if (s->derive != NULL)
		s->records = derive_last_step(s->derive);
	p = pulse_of(live, s);
	s->total = p->total;
	if (now_ms > p->old.at_ms)
		s->rate = (double)(s->records - p->old.records) * 1000 /
		    (double)(now_ms - p->old.at_ms);
}

/* Appends the text to the frame as a line of the terminal's width at most, with
 * a color where that is wanted. */
static void
put_line(struct live *live, const char *color, const char *text)
{
	size_t bytes = text_fit(text, live->columns - 1);
	bool tinted = live->colors && color[0] != '\0';

	buf_adds(&live->frame, tinted ? color : "");
	buf_add(&live->frame, text, bytes);
	buf_adds(&live->frame, tinted ? PLAIN : "");
	buf_addc(&live->frame, '\n');
}

static void
put_run(struct live *live, const struct scene *s)
{
	struct buf line;
	bool amiss;

	buf_init(&line, LINE_MAX_BYTES);
	text_escape(&line, s->name);
	buf_adds(&line, attempt_is_ended(s->attempt) ? "  delivering  " : "  ");
	text_escape(&line, s->dir);
	put_line(live, BOLD, line.data);
	buf_reset(&line);
	buf_adds(&line, "  ");
	live_count(&line, s, true);
	put_line(live, GREEN, line.data);
	buf_reset(&line);
	buf_adds(&line, "  ");
	if (live_results(&line, s))
		put_line(live, "", line.data);
	buf_reset(&line);
	buf_adds(&line, "  ");
	amiss = live_trackers(&line, s);
	if (attempt_delivery_count(s->attempt) > 0)
		put_line(live, amiss ? RED : DIM, line.data);
	buf_release(&line);
}

/* Where there are many. */
static void
put_short(struct live *live, const struct scene *s)
{
	struct buf line;

	buf_init(&line, LINE_MAX_BYTES);
	text_escape(&line, s->name);
	buf_adds(&line, "  ");
	live_count(&line, s, false);
	buf_adds(&line, "  ");
	live_results(&line, s);
	put_line(live, "", line.data);
	buf_release(&line);
}

static void
put_frame(struct live *live)
{
	size_t room = live->rows > 3 ? live->rows - 2 : 1;
	bool whole = live->len * RUN_LINES <= room;
	size_t fit = whole || live->len <= room ? live->len : room - 1;
	struct buf line;

	buf_reset(&live->frame);
	buf_init(&line, LINE_MAX_BYTES);
	result_count(&line, (double)live->len, "run");
	buf_addf(
	    &line, " at work, %zu over; Ctrl-C ends the watch", live->finished);
	put_line(live, DIM, line.data);
	for (size_t i = 0; i < fit; i++)
		if (whole)
			put_run(live, &live->scenes[i]);
		else
			put_short(live, &live->scenes[i]);
	if (fit < live->len) {
		buf_reset(&line);
		buf_addf(&line, "and %zu more", live->len - fit);
		put_line(live, DIM, line.data);
	}
	buf_release(&line);
}

static size_t
count_lines(const struct buf *text)
{
	size_t count = 0;

	for (size_t i = 0; i < text->len; i++)
		count += text->data[i] == '\n';
	return count;
}

static void
write_all(const struct buf *out)
{
	(void)!write(STDERR_FILENO, out->data, out->len);
}

static void
add_erase(struct buf *out, size_t lines)
{
	if (lines > 0)
		buf_addf(out, "\r\033[%zuA" ERASE, lines);
}

void
live_hide(struct live *live)
{
	struct buf out;

	if (live == NULL || live->lines == 0)
		return;
	buf_init(&out, LINE_MAX_BYTES);
	add_erase(&out, live->lines);
	write_all(&out);
	buf_release(&out);
	live->lines = 0;
	buf_reset(&live->shown);
}

void
live_draw(struct live *live)
{
	struct winsize size = {0};
	struct pulse *p, *next;
	struct buf out;

	if (live == NULL)
		return;
	TAILQ_FOREACH_SAFE (p, &live->pulses, link, next)
		if (!p->seen)
			free_pulse(live, p);
	ioctl(STDERR_FILENO, TIOCGWINSZ, &size);
	live->columns = size.ws_col > 0 ? size.ws_col : COLUMNS;
	live->rows = size.ws_row > 0 ? size.ws_row : ROWS;
	put_frame(live);
	if (live->lines > 0 && live->frame.len == live->shown.len &&
	    memcmp(live->frame.data, live->shown.data, live->frame.len) == 0)
		return;
	buf_init(&out, FRAME_MAX_BYTES + LINE_MAX_BYTES);
	add_erase(&out, live->lines);
	buf_add(&out, live->frame.data, live->frame.len);
	/* One write, so that no half of a frame is seen. */
	write_all(&out);
	buf_release(&out);
	live->lines = count_lines(&live->frame);
	buf_reset(&live->shown);
	buf_add(&live->shown, live->frame.data, live->frame.len);
}
