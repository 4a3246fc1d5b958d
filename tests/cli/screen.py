#!/usr/bin/env python3
"""What a terminal shows that got these bytes: screen.py COLUMNS FILE. It knows the
control sequences that itrack uses, and fails at any other."""
import re
import sys
import unicodedata

columns = int(sys.argv[1])
text = open(sys.argv[2], "rb").read().decode()
lines, row, column = [[]], 0, 0
tokens = re.compile(r"\x1b\[(\d*)([A-Za-z])|\r|\n|[^\x00-\x1f]|(.)", re.S)
for token in tokens.finditer(text):
    number, letter = token.group(1), token.group(2)
    if letter == "A":
        row -= int(number)
        assert row >= 0, "above the first line"
    elif letter == "J":
        assert column == 0
        lines = lines[:row] + [[]]
    elif letter == "K":
        lines[row] = lines[row][:column]
    elif letter == "m":
        pass
    elif token.group() == "\r":
        column = 0
    elif token.group() == "\n":
        row += 1
        if row == len(lines):
            lines.append([])
    elif token.group() == "\x03" or letter or token.group(3):
        raise SystemExit(f"unknown: {token.group()!r}")
    else:
        # Of a wide character the second column is an empty string.
        cells = [token.group()] + [""] * (unicodedata.east_asian_width(token.group()) in "FW")
        if column + len(cells) > columns:
            row, column = row + 1, 0
            if row == len(lines):
                lines.append([])
        lines[row] += [" "] * (column - len(lines[row]))
        lines[row][column:column + len(cells)] = cells
        column += len(cells)
print("\n".join(map("".join, lines)).rstrip("\n"))
