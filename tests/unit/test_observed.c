#include "mapping/observed.h"

#include "tap.h"

static struct observed *o;

static void
is_window(double want_rate, double want_latency, const char *name)
{
	double rate, latency_ms;

	observed_window(o, &rate, &latency_ms);
	if (!ok(rate == want_rate && latency_ms == want_latency, "%s", name))
		printf("# got %.17g, %.17g\n", rate, latency_ms);
}

static void
anew(void)
{
	observed_free(o);
	o = NULL;
}

int
main(void)
{
	int64_t at_us = 0;
	int i;

	for (i = 0; i < 10; i++)
		observed_arrival(&o, i, false);
	ok(o == NULL, "no memory for what was not seen to arrive");
	is_window(-1, -1, "and no values");
	ok(observed_rate(o) < 0, "nor a rate");
	observed_arrival(&o, 1000000, true);
	is_window(-1, -1, "none of one arrival");
	for (i = 0; i < 3; i++)
		observed_arrival(&o, 1500000, false);
	observed_arrival(&o, 2000000, true);
	is_window(4, -1, "what came between counts, and has no latency");
	observed_arrival(&o, 2100000, true);
	observed_arrival(&o, 2300000, true);
	is_window(6 / 1.3, 150, "the median of two");
	is_window(-1, -1, "nothing new since");
	observed_arrival(&o, 2000000, true);
	is_window(-1, -1, "a clock that was put back begins anew");
	observed_arrival(&o, 3000000, true);
	is_window(1, 1000, "and goes on");
	ok(observed_rate(o) == 7 / 2.3, "the whole run has both parts");

	anew();
	for (i = 0; i < 5 * OBSERVED_ARRIVALS_MAX; i++)
		observed_arrival(&o, at_us += 4000, true);
	is_window(250, 4, "more than fit into the window");
	observed_arrival(&o, at_us += 30 * OBSERVED_WINDOW_US, true);
	is_window(1 / 300.0, 300000, "one after a long silence");
	anew();
	return done_testing();
}
