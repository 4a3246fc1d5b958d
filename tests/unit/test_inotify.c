#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/loop.h"
#include "tap.h"
#include "watcher/inotify.h"

static struct loop *loop;
static char root[] = "/tmp/itrack-unit-XXXXXX";
static int64_t called_us[3];
static int calls;

static void
make(int number)
{
	char path[64];

	snprintf(path, sizeof path, "%s/%d", root, number);
	ok(mkdir(path, 0700) == 0, "something new");
}

/* What comes just behind a batch is in one batch with what comes next. */
static void
on_change(struct inotify_watch *watch)
{
	(void)watch;
	called_us[calls++] = clock_mono_us();
	if (calls == 2) {
		loop_stop(loop);
		return;
	}
	make(1);
	make(2);
}

int
main(void)
{
	struct inotify_watch watch = {.changed = on_change};
	struct inotify *inotify;
	int64_t removed_us;

	loop = loop_new();
	inotify = inotify_new(loop);
	ok(mkdtemp(root) != NULL &&
		inotify_add(inotify, &watch, root, NULL) == 0,
	    "a directory is watched");
	make(0);
	loop_run(loop);
	ok(called_us[1] - called_us[0] >= 2000,
	    "a rest between two batches: %jd us",
	    (intmax_t)(called_us[1] - called_us[0]));
	removed_us = clock_mono_us();
	inotify_remove(&watch);
	inotify_free(inotify);
	ok(clock_mono_us() - removed_us >= 500,
	    "the instance ends behind its last watch, not with it");
	loop_free(loop);
	for (int i = 0; i < 3; i++) {
		char path[64];

		snprintf(path, sizeof path, "%s/%d", root, i);
		rmdir(path);
	}
	rmdir(root);
	return done_testing();
}
