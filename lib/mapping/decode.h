/*
 * Decodes one line of records.jsonl into a struct record, by the rules of the
 * mapping.
 */
#ifndef MAPPING_DECODE_H
#define MAPPING_DECODE_H

#include <stddef.h>

#include "mapping/record.h"

enum decoded {
	DECODED_RECORD,
	DECODED_BLANK,     /* white space alone, Unicode's too: skipped */
	DECODED_MALFORMED, /* not JSON, or JSON but no object */
};

/* `line` has no newline. The record points into it. */
enum decoded decode_line(struct record *record, const char *line, size_t len);

#endif
