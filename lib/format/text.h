/*
 * Text as insideLLMs (Python) holds it, in a NUL-terminated C string.
 *
 * A Python string may hold U+0000 and lone surrogates, which UTF-8 has no place
 * for. The *text* form used everywhere inside itrack is UTF-8 with two
 * additions: U+0000 is the two bytes C0 80, and a lone surrogate U+D800..DFFF
 * is its three bytes ED A0 80 .. ED BF BF (a pair is always the one character
 * it stands for). So every Python string has exactly one text, a text has no
 * NUL, and strcmp compares.
 *
 * Paths become text by Python's surrogateescape: a byte that is not UTF-8 is
 * the surrogate U+DC00 + byte, and back.
 */
#ifndef FORMAT_TEXT_H
#define FORMAT_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Reads one code point of a text (not at its end); *p moves behind it. */
uint32_t text_next(const char **p);
/* The same for bytes of any kind that end at `end`: U+FFFD for each part that
 * is not UTF-8, as text_from_bytes() makes it. */
uint32_t text_next_in_bytes(const char **p, const char *end);
/* Appends one code point; U+0000 and surrogates are allowed. A caller that
 * reads a pair of surrogates must join it first. */
int text_put(struct buf *out, uint32_t code_point);

/* Appends bytes of any kind as text; parts that are not UTF-8 become U+FFFD, as
 * with Python's bytes.decode("utf-8", errors="replace"). */
int text_from_bytes(struct buf *out, const char *bytes, size_t len);

/* Path to text and back (see above). A text with U+0000 or with a surrogate
 * that stands for no byte is no path: -EINVAL. */
int text_from_path(struct buf *out, const char *path);
int text_to_path(struct buf *out, const char *text);
/* As above, but allocated. text_path_text: path -> text; text_path_bytes: text
 * -> path, NULL if the text is no path. */
char *text_path_text(const char *path);
char *text_path_bytes(const char *text);

/* Appends the text as valid UTF-8: a lone surrogate and U+0000 become
 * U+FFFD. */
int text_to_utf8(struct buf *out, const char *text);

/* Appends the text in a form fit for a terminal or a log: control characters,
 * escape sequences, bidirectional and line separator characters and lone
 * surrogates become \n, \t, \r, \xNN or \uNNNN; a backslash stays. */
int text_escape(struct buf *out, const char *text);

/* The text as one word of a command that is shown to be pasted into a shell:
 * as it is, or in single quotes where the shell would take it apart. Allocated.
 * Source: POSIX.1-2017, Shell Command Language, 2.2 Quoting. */
char *text_shell_word(const char *text);

/* Number of code points. */
size_t text_length(const char *text);

#endif
