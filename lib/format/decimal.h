/*
 * The form of a decimal number. Pure; libc only, because the launcher reads its
 * options before anything else is there.
 */
#ifndef FORMAT_DECIMAL_H
#define FORMAT_DECIMAL_H

/* Passes over a number without a sign of the form "12", "1.", ".5" or "1e-05" and
 * returns the rest of the text; NULL: there is none. */
const char *decimal_end(const char *text);

#endif
