# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""In which phases of its work a server is, as its mapped file tells (`core/phase.hpp`), and signals
that are sent while it is in one of them.

Run as a program it is the marksman: it reads one order a line, `{"pid", "signal", "phase",
"delay_us", "timeout_s"}`, waits until the phase is entered, then so many microseconds, sends the
signal and answers with a line that says whether the phase was seen. Without a phase it only waits.
It is a process of its own, so that no thread of the campaign delays it.
"""

import json
import mmap
import os
import pathlib
import struct
import subprocess
import sys
import time

ROWS = 64
ROW = struct.Struct("=48sQQ")
POLL_S = 50e-6
# Over before a sleep is.
SHORT = ("journal.trim", "write.commit")


class Phases:
    """The file, which must exist for as long as it is mapped."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.path.write_bytes(bytes(ROWS * ROW.size))

    def reset(self):
        """Before a start: no process has it mapped for writing."""
        with open(self.path, "r+b") as file:
            file.write(bytes(ROWS * ROW.size))

    def rows(self):
        """Name to (threads within, times entered)."""
        content = self.path.read_bytes()
        found = {}
        for at in range(0, len(content), ROW.size):
            name, within, entered = ROW.unpack_from(content, at)
            if name[0]:
                found[name.rstrip(b"\0").decode()] = (within, entered)
        return found


class Marksman:
    """Sends a signal to a process while it is in a phase."""

    def __init__(self, phases):
        self.process = subprocess.Popen(
            [sys.executable, __file__, str(phases.path)], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True, start_new_session=True)

    def shoot(self, pid, number, phase, delay_us, timeout_s):
        """Returns when the signal was sent; whether the phase was seen before the timeout."""
        order = {"pid": pid, "signal": number, "phase": phase, "delay_us": delay_us,
                 "timeout_s": timeout_s}
        self.process.stdin.write(json.dumps(order) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["seen"]

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def row_offset(view, phase):
    """Where the phase's number of threads lies; None until the server has named it."""
    wanted = phase.encode()
    for at in range(0, ROWS * ROW.size, ROW.size):
        if view[at] == 0:
            return None
        if view[at:at + 48].rstrip(b"\0") == wanted:
            return at + 48
    return None


def await_phase(view, order):
    """Whether the phase was entered in time."""
    deadline = time.monotonic() + order["timeout_s"]
    at = None
    while time.monotonic() < deadline:
        if at is None:
            at = row_offset(view, order["phase"])
        if at is not None and any(view[at:at + 8]):
            return True
        if order["phase"] not in SHORT:
            time.sleep(POLL_S)
    return False


def serve(path):
    with open(path, "r+b") as file:
        view = mmap.mmap(file.fileno(), ROWS * ROW.size, prot=mmap.PROT_READ)
    for line in sys.stdin:
        order = json.loads(line)
        seen = await_phase(view, order) if order["phase"] else True
        end = time.monotonic() + order["delay_us"] / 1e6
        while time.monotonic() < end:
            # A sleep is never shorter than this; below it only the clock is watched.
            if end - time.monotonic() > 2 * POLL_S:
                time.sleep(POLL_S)
        try:
            os.kill(order["pid"], order["signal"])
        except ProcessLookupError:
            pass
        print(json.dumps({"seen": seen}), flush=True)


if __name__ == "__main__":
    serve(sys.argv[1])
