/*
 * A sequence of random numbers that a seed determines: the same on each machine,
 * so that two who compare the same runs read the same intervals. Not for secrets.
 *
 *	struct draw d = draw_begin(seed);
 *	i = draw_below(&d, n);
 *
 * Source: SplitMix64 (G. L. Steele, D. Lea, C. H. Flood: Fast splittable
 * pseudorandom number generators, OOPSLA 2014), and the multiplication of D. Lemire
 * (Fast random integer generation in an interval, 2019) without its rejection step:
 * of n places one is preferred by at most n / 2^64.
 */
#ifndef STATS_DRAW_H
#define STATS_DRAW_H

#include <stdint.h>

struct draw {
	uint64_t state;
};

static inline struct draw
draw_begin(uint64_t seed)
{
	return (struct draw){seed};
}

/* 64 random bits. */
static inline uint64_t
draw_bits(struct draw *d)
{
	uint64_t z = d->state += 0x9e3779b97f4a7c15U;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
	return z ^ (z >> 31);
}

/* A whole number from 0 to n - 1; n is at least 1. */
static inline uint64_t
draw_below(struct draw *d, uint64_t n)
{
	return (uint64_t)(((unsigned __int128)draw_bits(d) * n) >> 64);
}

#endif
