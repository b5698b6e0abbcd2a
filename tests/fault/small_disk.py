# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A small file system of its own, mounted while a campaign runs, and files that fill it."""

import contextlib
import os
import pathlib
import subprocess

MIB = 1 << 20


class Unavailable(Exception):
    """This machine does not let us mount a file system."""


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(command)}: {done.stderr.strip() or done.stdout.strip()}")


@contextlib.contextmanager
def mounted(kind, size_bytes, folder):
    """A `SmallDisk` of `kind`, ext4 (on a loop device) or tmpfs, at `folder`/disk; unmounted in any
    case."""
    if os.geteuid() != 0:
        raise Unavailable("only root may mount a file system")
    folder = pathlib.Path(folder)
    at = folder / "disk"
    at.mkdir()
    if kind == "tmpfs":
        run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "thespis-test", str(at))
    else:
        image = folder / "image"
        with open(image, "wb") as file:
            file.truncate(size_bytes)
        # Without reserved blocks: a server that runs as root could use them.
        run("mkfs.ext4", "-q", "-m", "0", str(image))
        run("mount", "-o", "loop", str(image), str(at))
    try:
        yield SmallDisk(at)
    finally:
        if subprocess.run(["umount", str(at)], capture_output=True, check=False).returncode != 0:
            subprocess.run(["umount", "-l", str(at)], check=True)


class SmallDisk:
    """A mounted file system with room for fillers."""

    def __init__(self, at):
        self.at = at
        self.fillers = 0

    def free_bytes(self):
        status = os.statvfs(self.at)
        return status.f_bavail * status.f_frsize

    def fill(self, leave_bytes):
        """Takes space until about `leave_bytes` are free; 0: until nothing can be written."""
        self.fillers += 1
        with open(self.at / f"filler-{self.fillers}", "wb", buffering=0) as file:
            wanted = self.free_bytes() - leave_bytes
            if wanted <= 0:
                return
            with contextlib.suppress(OSError):
                os.posix_fallocate(file.fileno(), 0, wanted)
            if leave_bytes > 0:
                return
            # What is left is less than any block that was asked for.
            file.seek(0, os.SEEK_END)
            step = MIB
            while step >= 512:
                try:
                    file.write(bytes(step))
                except OSError:
                    step //= 2

    def clear(self):
        """Gives all of it back."""
        for file in self.at.glob("filler-*"):
            file.unlink()
