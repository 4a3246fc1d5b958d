#!/usr/bin/env python3
"""Runs a command on a terminal (a pty) of its own.

usage: on_terminal.py OUT COLUMNS ROWS COMMAND [ARGUMENT]...

What it writes to the terminal goes to OUT as it comes. SIGTERM to this program
becomes the terminal's Ctrl-C.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios

out, columns, rows = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
pid, terminal = pty.fork()
if pid == 0:
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(0, termios.TIOCSWINSZ, size)
    os.execvp(sys.argv[4], sys.argv[4:])
signal.signal(signal.SIGTERM, lambda *_: os.write(terminal, b"\x03"))
with open(out, "wb", buffering=0) as f:
    while True:
        # A signal just before a read would have to wait for what is written next.
        if not select.select([terminal], [], [], 1)[0]:
            continue
        try:
            data = os.read(terminal, 65536)
        except OSError:
            break
        if not data:
            break
        f.write(data)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
