# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of everything that a server does; then nothing may be lost.

A kill comes while workers write, create, fill and drop collections and have indexes checked, at a
random moment or within a phase (checkpoint, save, trim, ...), and in some rounds again while the
server recovers. Counted are the kills under load; those at starts come on top.

Usage: THESPIS_BINARY=... kills.py [--kills N] [--seed S] [--jobs J] [--data DIR] [--ledger DIR]
"""

import shutil
import signal
import sys

import jobs


class KillRig:
    """Data in a plain folder, and a signal."""

    name = "kills"
    first_signal = signal.SIGKILL
    environment = {}
    prefix = jobs.DIES_WITH_US

    def __init__(self, folder):
        self.data_dir = folder / "data"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        pass

    def finish(self, server, source):
        """The signal was all."""

    def restore(self):
        """What was written is there, as the kernel lives on."""

    def empty(self):
        if self.data_dir.exists():
            shutil.rmtree(self.data_dir)


if __name__ == "__main__":
    sys.exit(jobs.main(jobs.parser(__doc__.splitlines()[0], "kills", 50).parse_args(),
                       "kills", KillRig))
