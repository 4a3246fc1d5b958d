/* 64 threads log into one run, while one starts, flushes and ends others.
 * Built with ThreadSanitizer by library.bats. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "itrack.h"

#define THREADS 64
#define CALLS   200

static struct itrack_tracker *shared;

static void *
work(void *data)
{
	struct itrack_metric m = {"x", 1};
	struct itrack_param p = {"p", {ITRACK_TEXT, {.text = "v"}}};
	char name[16];

	snprintf(name, sizeof name, "t%ld", (long)(intptr_t)data);
	m.name = name;
	for (int i = 0; i < CALLS; i++) {
		if (itrack_log_metrics(shared, &m, 1, ITRACK_STEP_AUTO, NULL) <
		    0)
			return (void *)1;
		if (i % 50 == 0 && itrack_log_params(shared, &p, 1, NULL) < 0)
			return (void *)1;
	}
	return NULL;
}

static void *
begin_and_end(void *data)
{
	struct itrack_tracker *t = NULL;

	(void)data;
	if (itrack_create_tracker(&t, "local", NULL, NULL, 0, NULL) < 0)
		return (void *)1;
	for (int i = 0; i < 3; i++) {
		itrack_start_run(t, "side", NULL, 0, NULL);
		itrack_flush(shared, 1, NULL);
		itrack_end_run(t, "finished", NULL);
	}
	itrack_free(t);
	return NULL;
}

int
main(void)
{
	struct itrack_error err = ITRACK_ERROR_INIT;
	struct itrack_option drain = {"drain", "60"};
	pthread_t threads[THREADS + 1];
	void *failed, *any = NULL;

	if (itrack_create_tracker(&shared, "local", NULL, &drain, 1, &err) <
		0 ||
	    itrack_start_run(shared, "threads", NULL, 0, &err) < 0) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)(intptr_t)i);
	pthread_create(&threads[THREADS], NULL, begin_and_end, NULL);
	for (int i = 0; i <= THREADS; i++) {
		pthread_join(threads[i], &failed);
		if (failed != NULL)
			any = failed;
	}
	if (any != NULL)
		fprintf(stderr, "a thread failed\n");
	if (itrack_end_run(shared, "finished", &err) < 0)
		fprintf(stderr, "%s\n", err.message);
	itrack_free(shared);
	return err.code == 0 && any == NULL ? 0 : 1;
}
