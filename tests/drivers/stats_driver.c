/*
 * Runs lib/stats over standard input, a line at a time, for
 * tests/differential/stats.py to compare with scipy and numpy. A line is the name of
 * a test and its numbers; the answer is a line of numbers:
 *
 *	mcnemar LOST WON                 p
 *	wilson PART WHOLE                low high
 *	newcombe BOTH FIRST SECOND NEITHER    low high
 *	bootstrap SEED VALUE...          low high
 *	signflip SEED VALUE...           p
 *	holm P...                        the corrected ones
 *	verdict DIFFERENCE P PAIRS TESTS      its number
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "stats/bootstrap.h"
#include "stats/holm.h"
#include "stats/mcnemar.h"
#include "stats/newcombe.h"
#include "stats/signflip.h"
#include "stats/verdict.h"

static size_t
read_numbers(const char *text, double **numbers)
{
	size_t len = 0;
	char *end;

	*numbers = NULL;
	for (;; text = end) {
		double number = strtod(text, &end);

		if (end == text)
			return len;
		*numbers =
		    xreallocarray(*numbers, len + 1, sizeof(*numbers)[0]);
		(*numbers)[len++] = number;
	}
}

static void
print_interval(struct interval interval)
{
	printf("%.17g %.17g\n", interval.low, interval.high);
}

static void
run_holm(const double *p, size_t len)
{
	double *adjusted = xcalloc(len + 1, sizeof adjusted[0]);

	holm(p, adjusted, len);
	for (size_t i = 0; i < len; i++)
		printf("%.17g%s", adjusted[i], i + 1 < len ? " " : "");
	putchar('\n');
	free(adjusted);
}

static uint64_t
whole(double number)
{
	return (uint64_t)number;
}

static void
run(const char *name, const double *v, size_t len)
{
	if (strcmp(name, "mcnemar") == 0 && len == 2)
		printf("%.17g\n", mcnemar_exact(whole(v[0]), whole(v[1])));
	else if (strcmp(name, "wilson") == 0 && len == 2)
		print_interval(wilson(whole(v[0]), whole(v[1])));
	else if (strcmp(name, "newcombe") == 0 && len == 4)
		print_interval(
		    newcombe_paired(&(struct paired_counts){.both = whole(v[0]),
			.first = whole(v[1]),
			.second = whole(v[2]),
			.neither = whole(v[3])}));
	else if (strcmp(name, "bootstrap") == 0 && len > 1)
		print_interval(bootstrap_mean(v + 1, len - 1, whole(v[0])));
	else if (strcmp(name, "signflip") == 0 && len > 0)
		printf("%.17g\n", signflip(v + 1, len - 1, whole(v[0])));
	else if (strcmp(name, "holm") == 0)
		run_holm(v, len);
	else if (strcmp(name, "verdict") == 0 && len == 4)
		printf("%d\n",
		    (int)verdict_of(v[0], v[1], whole(v[2]), whole(v[3])));
	else
		die("no such test, or not its numbers: %s", name);
}

int
main(void)
{
	char *line = NULL;
	size_t cap = 0;

	while (getline(&line, &cap, stdin) > 0) {
		size_t name = strcspn(line, " \n");
		double *numbers;
		size_t len = read_numbers(line + name, &numbers);

		line[name] = '\0';
		run(line, numbers, len);
		free(numbers);
	}
	free(line);
	return 0;
}
