/* Closing many descriptors, where a filter or the kernel has no close_range,
 * too. System calls only: for children between vfork or fork and exec. */
#ifndef BASE_CLOSING_H
#define BASE_CLOSING_H

/* From `first` to `last`, which may be more than there can be. */
void closing_range(unsigned first, unsigned last);

#endif
