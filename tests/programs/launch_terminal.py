#!/usr/bin/env python3
"""A terminal with a small job-control shell, to see a command in it.

    launch_terminal.py SCENARIO command [argument]...

The command runs as the foreground job of a session on a pseudo-terminal. Each
scenario types keys and prints what a person and the shell would see; a bare and
a wrapped command must print the same.
"""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

LIMIT = 60  # seconds that anything may take


class Terminal:
    def __init__(self, command, size=(24, 80), tostop=False):
        self.master, slave = pty.openpty()
        self.resize(*size)
        attributes = termios.tcgetattr(slave)
        attributes[1] &= ~termios.OPOST
        attributes[3] &= ~termios.ECHO
        if tostop:
            attributes[3] |= termios.TOSTOP
        termios.tcsetattr(slave, termios.TCSANOW, attributes)
        self.text = b""
        events, self.events_in = os.pipe()
        orders_out, self.orders = os.pipe()
        self.events = events
        self.shell = os.fork()
        if self.shell == 0:
            os.close(self.master)
            try:
                shell(slave, command, self.events_in, orders_out)
            finally:
                os._exit(0)
        os.close(slave)
        os.close(self.events_in)

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def type(self, keys):
        os.write(self.master, keys)

    def order(self, letter):
        os.write(self.orders, letter)

    def expect(self, text):
        """Reads until the text has come; returns all up to its end."""
        end = time.monotonic() + LIMIT
        while text not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.master], [], [], left)[0]:
                sys.exit("waited in vain for %r, have %r" % (text, self.text))
            try:
                self.text += os.read(self.master, 4096)
            except OSError:
                sys.exit("no %r before the end: %r" % (text, self.text))
        head, self.text = self.text.split(text, 1)
        return head + text

    def quiet(self, seconds):
        """What comes within so many seconds; to see that nothing does."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.master], [], [], left)[0]:
                try:
                    self.text += os.read(self.master, 4096)
                except OSError:
                    break
        return self.text

    def event(self):
        """The next thing that the shell's wait for its job says."""
        if not select.select([self.events], [], [], LIMIT)[0]:
            sys.exit("the job neither ended nor stopped")
        return os.read(self.events, 100).decode().strip()


def hang_up_leader(command):
    """The command leads the session, as with ssh -t; the line is cut."""
    shell_pid, master = pty.fork()
    if shell_pid == 0:
        os.execvp(command[0], command + ["sh", "-c", "echo ready; "
                                         "while :; do sleep 0.1; done"])
    text = b""
    while b"ready" not in text:
        text += os.read(master, 4096)
    os.close(master)
    _, status = os.waitpid(shell_pid, 0)
    show("status", status)


def shell(slave, command, events, orders):
    """Runs the job in its own group in the foreground and says what it does."""
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP,
                   signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    gate, gate_in = os.pipe()
    job = os.fork()
    if job == 0:
        for number in (signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP,
                       signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE,
                       signal.SIGXFSZ):
            signal.signal(number, signal.SIG_DFL)
        os.setpgid(0, 0)
        os.read(gate, 1)
        for fd in (0, 1, 2):
            os.dup2(slave, fd)
        os.closerange(3, 64)
        os.execvp(command[0], command)
    try:
        os.setpgid(job, job)
    except OSError:
        pass
    os.tcsetpgrp(slave, job)
    os.write(gate_in, b"x")
    while True:
        _, status = os.waitpid(job, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            os.tcsetpgrp(slave, os.getpgrp())
            os.write(events, b"stopped %d\n" % os.WSTOPSIG(status))
            if os.read(orders, 1) == b"f":
                os.tcsetpgrp(slave, job)
            os.killpg(job, signal.SIGCONT)
            continue
        if os.WIFSIGNALED(status):
            os.write(events, b"signal %d\n" % os.WTERMSIG(status))
        else:
            os.write(events, b"status %d\n" % os.WEXITSTATUS(status))
        return


def show(name, value):
    print(name, value)


def is_terminal(command):
    t = Terminal(command + ["sh", "-c", "for i in 0 1 2; do test -t $i && "
                            "echo $i; done; stty size; "
                            "ps -o stat= -p $$ | grep -c '+'; echo end"],
                 size=(33, 99))
    show("text", t.expect(b"end"))
    show("event", t.event())


def size_change(command):
    t = Terminal(command + [SIGNALS])
    t.expect(b"ready")
    t.resize(40, 100)
    t.expect(b"WINCH 0\n")
    show("after", t.quiet(0.15))
    t.type(b"\n")
    show("event", t.event())


def counted(key, name):
    def scenario(command):
        t = Terminal(command + [SIGNALS])
        t.expect(b"ready")
        t.type(key)
        t.expect(name + b" 0\n")
        show("after", t.quiet(0.15))
        t.type(key)
        t.expect(name + b" 0\n")
        show("after", t.quiet(0.15))
        t.type(b"\n")
        show("event", t.event())
    return scenario


def dies(key):
    def scenario(command):
        t = Terminal(command + ["sh", "-c", "ulimit -c 0; echo on; exec cat"])
        t.expect(b"on\n")
        t.type(key)
        show("event", t.event())
        show("text", t.quiet(0.05))
    return scenario


def stop_and_continue(command):
    t = Terminal(command + [SIGNALS])
    t.expect(b"ready")
    for _ in range(3):
        t.type(b"\x1a")
        show("event", t.event())
        t.order(b"f")
        t.expect(b"CONT 0\n")
        show("after", t.quiet(0.15))
    t.type(b"\x03")
    t.expect(b"INT 0\n")
    show("after", t.quiet(0.15))
    t.type(b"\n")
    show("event", t.event())


def background_read(command):
    """Continued in the background, the command reads: SIGTTIN stops it."""
    t = Terminal(command + ["sh", "-c", "echo on; read x; echo got $x"])
    t.expect(b"on\n")
    t.type(b"\x1a")
    show("event", t.event())
    t.order(b"b")
    show("event", t.event())
    t.order(b"f")
    t.type(b"hello\n")
    show("text", t.expect(b"got hello\n"))
    show("event", t.event())


def background_write(command):
    """A terminal with tostop: SIGTTOU stops a write in the background."""
    t = Terminal(command + ["sh", "-c", "echo on; kill -TSTP $$; echo more"],
                 tostop=True)
    t.expect(b"on\n")
    show("event", t.event())
    t.order(b"b")
    show("event", t.event())
    t.order(b"f")
    show("text", t.expect(b"more\n"))
    show("event", t.event())


def hang_up(command):
    """The terminal goes away: the foreground job gets SIGHUP."""
    t = Terminal(command + [SIGNALS])
    t.expect(b"ready")
    os.close(t.master)
    show("event", t.event())


SIGNALS = os.path.join(os.environ["BUILD"], "tests/programs/launch_signals")
SCENARIOS = {
    "terminal": is_terminal,
    "size": size_change,
    "ctrl-c": counted(b"\x03", b"INT"),
    "ctrl-backslash": counted(b"\x1c", b"QUIT"),
    "ctrl-c-dies": dies(b"\x03"),
    "ctrl-backslash-dies": dies(b"\x1c"),
    "end-of-file": dies(b"\x04"),
    "ctrl-z": stop_and_continue,
    "background-read": background_read,
    "background-write": background_write,
    "hang-up": hang_up,
    "hang-up-leader": hang_up_leader,
}

if __name__ == "__main__":
    signal.alarm(5 * LIMIT)
    SCENARIOS[sys.argv[1]](sys.argv[2:])
