#!/usr/bin/env python3
"""Writes lib/format/printable.c: the code points that str.isprintable() refuses.

    scripts/make-printable.py > lib/format/printable.c

Run it with Python 3.11 (Unicode 14), whose repr() the table has to match.
"""
import sys
import unicodedata

LAST = 0x10FFFF
CELLS_IN_ROW = 3
FIRST = 0x80  # ASCII is decided in the code


def refused_ranges():
    start = None
    for code in range(FIRST, LAST + 2):
        refused = code <= LAST and not chr(code).isprintable()
        if refused and start is None:
            start = code
        elif not refused and start is not None:
            yield start, code - 1
            start = None


def main():
    cells = ["{ 0x%04X, 0x%04X }," % r for r in refused_ranges()]
    rows = ["\t" + " ".join(cells[i:i + CELLS_IN_ROW])
            for i in range(0, len(cells), CELLS_IN_ROW)]
    print("/* Made by scripts/make-printable.py from Unicode %s. */"
          % unicodedata.unidata_version)
    print("""#include "format/printable.h"

#include <stddef.h>

struct range {
	uint32_t first, last;
};

/* What str.isprintable() refuses from U+0080 on, in order. */
/* clang-format off */
static const struct range refused[] = {""")
    print("\n".join(rows))
    print("""};
/* clang-format on */

bool
printable(uint32_t c)
{
	size_t low = 0, high = sizeof refused / sizeof *refused;

	if (c < 0x80)
		return c >= 0x20 && c < 0x7F;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (c > refused[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low == sizeof refused / sizeof *refused ||
	    c < refused[low].first;
}""")
    return 0


if __name__ == "__main__":
    sys.exit(main())
