#!/usr/bin/env python3
"""Prints a port of 127.0.0.1 that nobody has.

It is none of those that the kernel gives to whoever connects, and no other test gets it
($PORTS_TAKEN has a folder for each that one of this run of scripts/check has), so that it
is still free when a server takes it, be it seconds later.
"""
import os
import random
import socket


def is_taken(port):
    try:
        os.mkdir(f"{os.environ['PORTS_TAKEN']}/{port}")
    except KeyError:
        return False
    except FileExistsError:
        return True
    return False


def free_port():
    with open("/proc/sys/net/ipv4/ip_local_port_range", encoding="ascii") as f:
        low, high = map(int, f.read().split())
    ports = [p for p in range(10000, 65536) if p < low or p > high] or [0]
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
            except OSError:
                continue
            if port == 0 or not is_taken(port):
                return s.getsockname()[1]
    raise SystemExit("free_port: all ports are taken")


if __name__ == "__main__":
    print(free_port())
