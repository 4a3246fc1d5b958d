/*
 * Makes an ID of a text: the same for the same text, whoever asks, and another
 * one for another text, as far as chance goes.
 */
#ifndef BASE_DIGEST_H
#define BASE_DIGEST_H

/* 32 hexadecimal digits, allocated. */
char *digest_hex(const char *text);

#endif
