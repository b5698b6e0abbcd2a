# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A control group with a limit of memory, for as long as a test runs."""

import contextlib
import os
import pathlib
import time

V1 = pathlib.Path("/sys/fs/cgroup/memory")
V2 = pathlib.Path("/sys/fs/cgroup")


class Unavailable(Exception):
    """This machine lets us make no such group."""


class Group:
    """One group. `prefix` before a command runs it there."""

    def __init__(self, folder, version):
        self.folder = folder
        self.version = version

    @property
    def prefix(self):
        return ["sh", "-c", f'echo $$ > {self.folder}/cgroup.procs && exec "$@"', "sh"]

    def limit(self, limit_bytes):
        if self.version == 2:
            self.write("memory.max", limit_bytes)
            with contextlib.suppress(OSError):
                self.write("memory.swap.max", 0)
            return
        # Memory with swap may not be lower than memory.
        with contextlib.suppress(OSError):
            self.write("memory.memsw.limit_in_bytes", -1)
        self.write("memory.limit_in_bytes", limit_bytes)
        with contextlib.suppress(OSError):
            self.write("memory.memsw.limit_in_bytes", limit_bytes)

    def write(self, file, value):
        (self.folder / file).write_text(str(value))

    def kills(self):
        """Processes that the system killed for want of memory."""
        file = "memory.events" if self.version == 2 else "memory.oom_control"
        told = dict(line.split() for line in (self.folder / file).read_text().splitlines())
        return int(told["oom_kill"])

    def peak_bytes(self):
        """The most that it held, with pages of files; 0 where that is not counted."""
        file = "memory.peak" if self.version == 2 else "memory.max_usage_in_bytes"
        with contextlib.suppress(OSError):
            return int((self.folder / file).read_text())
        return 0


@contextlib.contextmanager
def memory_group():
    """A new group; its processes must have ended when it is left."""
    v1 = (V1 / "memory.limit_in_bytes").exists()
    if not v1 and "memory" not in read(V2 / "cgroup.subtree_control").split():
        raise Unavailable("no memory controller of control groups is mounted")
    folder = (V1 if v1 else V2) / f"thespis-test-{os.getpid()}"
    try:
        folder.mkdir()
    except OSError as reason:
        raise Unavailable(f"a control group cannot be made: {reason}") from None
    try:
        yield Group(folder, 1 if v1 else 2)
    finally:
        for _ in range(50):
            with contextlib.suppress(OSError):
                folder.rmdir()
                break
            time.sleep(0.1)


def read(file):
    try:
        return file.read_text()
    except OSError:
        return ""
