# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Power cuts at random moments of everything that a server does; then nothing may be lost.

The data lies on an ext4 file system of its own. A cut is: the server is stopped (SIGSTOP), so that
the ledger is frozen; a part of what is not synced is written back, as a kernel might have done; the
file system is shut down without a flush; the server is killed, the file system mounted again, which
replays its journal, and the server started. Cuts come while workers write, within phases, and while
the server recovers. Counted are those under load.

First comes a control: the same with a server that does not sync its log. It must lose something,
or the cuts would prove nothing. Exit status 77: this machine cannot do it (no root, no loop
device).

Usage: THESPIS_BINARY=... power_cut.py [--cuts N] [--seed S] [--jobs J] [--data DIR] [--ledger DIR]
                                       [--no-control]
"""

import os
import shutil
import signal
import sys
import tempfile

import jobs
from ledger import Broken, Lost
from loop_disk import LoopDisk, Unavailable, private_mounts

SKIPPED = 77
# Attempts of so many cuts each. Not every one loses: a log of which only parts were written back
# may be refused at the start instead.
CONTROL_ATTEMPTS_MAX = 10
CONTROL_CUTS = 3
# Without the last, the blocks of a file may be in place before their content.
MOUNTS = ["data=ordered", "data=ordered,commit=1", "data=ordered,nodelalloc", "data=writeback"]


class CutRig:
    """Data on a file system whose power is cut."""

    name = "cuts"
    first_signal = signal.SIGSTOP
    prefix = jobs.DIES_WITH_US

    def __init__(self, folder, environment=None):
        self.folder = folder
        self.environment = dict(environment or {})
        self.disk = LoopDisk(folder, MOUNTS[0])
        self.data_dir = self.disk.path / "data"

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.disk.discard()

    def finish(self, server, source):
        os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        self.tally.numbers[f"written back: {self.disk.write_back(source)}"] += 1
        self.disk.cut()
        server.process.kill()
        self.disk.options = source.choice(MOUNTS)

    def restore(self):
        self.disk.unmount()
        self.disk.mount()

    def empty(self):
        if self.data_dir.exists():
            shutil.rmtree(self.data_dir)
        self.disk.sync()


def control(options):
    """Rounds of a server that acknowledges what it has not synced; whether one lost."""
    lying = {"THESPIS_FAIL_POINTS": "flusher.sync=fail@always"}
    for attempt in range(CONTROL_ATTEMPTS_MAX):
        given = jobs.parser("", "cuts", CONTROL_CUTS).parse_args(
            ["--seed", str(options.seed + attempt), "--data", str(options.data),
             "--ledger", str(options.ledger)])
        try:
            jobs.run_job(given, "cuts", lambda folder: CutRig(folder, lying))
        except Broken as broken:
            for folder in broken.folders:
                shutil.rmtree(folder)
            told = str(broken).splitlines()[0]
            if isinstance(broken, Lost):
                print(f"the control lost, as it must: {told}", flush=True)
                return True
            print(f"the control broke, but did not lose: {told}", flush=True)
    print("FAILED: cuts without syncs lost nothing, so cuts prove nothing here (or the executable "
          "was built without fail points)")
    return False


def main():
    options = jobs.parser(__doc__.splitlines()[0], "cuts", 20)
    options.add_argument("--no-control", action="store_true", help="cuts of an honest server only")
    options = options.parse_args()
    try:
        private_mounts()
        with tempfile.TemporaryDirectory(dir=options.data) as folder:
            LoopDisk(folder).discard()
    except Unavailable as why:
        print(f"SKIPPED: no power cuts on this machine: {why}")
        return SKIPPED
    if not options.no_control and not options.tally and not control(options):
        return 1
    return jobs.main(options, "cuts", CutRig)


if __name__ == "__main__":
    sys.exit(main())
