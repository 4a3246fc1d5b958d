/*
 * Remembers which numbers of a run's directories this process has seen taken,
 * so that the thousandth run of one ID does not look at all those before it. A
 * place is a number that its user makes of the folder and the run's name.
 */
#ifndef TRACKER_COMMON_NUMBER_CACHE_H
#define TRACKER_COMMON_NUMBER_CACHE_H

#include <stdint.h>

/* All numbers up to this one were taken; 0: nothing is known. */
int numbers_taken(uint64_t place);
/* The number that the attempt was seen to have; 0: none. */
int numbers_of(uint64_t place, const char *attempt);
/* The attempt was seen to have it. */
void numbers_note(uint64_t place, const char *attempt, int number);
/* It is taken, and so are all before it. */
void numbers_pass(uint64_t place, int number);

#endif
