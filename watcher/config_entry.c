/* Reads the run's configuration and makes its params an entry, once: as soon as
 * the run has a file of records, because insideLLMs writes it before that one. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "mapping/names.h"
#include "watcher/config_params.h"
#include "watcher/private.h"
#include "watcher/identity.h"

static int
read_text(const struct watcher *w, struct buf *text, struct err *err)
{
	int result = watcher_read_file(w, CONFIG_FILE, text, err);
	int held = settle_held(&w->settle, CONFIG_FILE);

	if (!file_is_absent(result) || held == 0)
		return result;
	return held > 0
	    ? watcher_read_held(held, CONFIG_FILE, text, err)
	    : err_set(err, held, CONFIG_FILE ": %s", strerror(-held));
}

static void
emit(struct watcher *w, const struct buf *text)
{
	struct err err = ERR_INIT;
	struct buf left_out;
	struct entry e;

	entry_init(&e, ENTRY_PARAMS, w->live ? clock_wall_us() : w->start_us);
	e.params.config = true;
	buf_init(&left_out, CONFIG_LEFT_OUT_MAX);
	if (config_params(&e, text->data, text->len, &left_out, &err) < 0) {
		err_prefix(&err, CONFIG_FILE ": no params are made of it");
		watcher_remark_error(w, &err);
	}
	if (left_out.len > 0)
		watcher_remark(w, CONFIG_FILE, left_out.data);
	buf_release(&left_out);
	if (e.params.len > 0)
		w->emit(&e, w->data);
	else
		entry_release(&e);
}

/* Is it one that another run has left, as far as is known now? */
static bool
is_old(const struct watcher *w)
{
	struct watcher_stamp stamp = watcher_stamp_of(w, CONFIG_FILE);

	return stamp.there && stamp.ctime_ns < w->not_before_ns;
}

void
watcher_take_config(struct watcher *w, bool at_end)
{
	struct err err = ERR_INIT;
	struct buf text;
	int result;

	if (w->configured || (!at_end && is_old(w)) ||
	    (!at_end && !watcher_stamp_of(w, RECORDS_FILE).there))
		return;
	buf_init(&text, CONFIG_BYTES_MAX);
	result = read_text(w, &text, &err);
	if (result == 0) {
		w->configured = true;
		emit(w, &text);
	} else if (file_is_unknown(result) && at_end) {
		watcher_unread(w, &err);
	} else if (!file_is_absent(result) && at_end) {
		watcher_remark_error(w, &err);
	}
	buf_release(&text);
}
