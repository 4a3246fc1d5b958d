/*
 * Holm's correction: of several tests at once no more than 5 % shall give any false
 * alarm.
 *
 * Source: S. Holm, A simple sequentially rejective multiple test procedure,
 * Scandinavian Journal of Statistics 6 (1979).
 */
#ifndef STATS_HOLM_H
#define STATS_HOLM_H

#include <stddef.h>

/* Sets adjusted[i] to the corrected p of p[i]; 0.05 or less: significant. A p that is
 * NaN is no test: it stays NaN and counts for none. */
void holm(const double *p, double *adjusted, size_t len);

#endif
