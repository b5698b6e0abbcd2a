# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""An ext4 file system in an image on a loop device, whose power can be cut.

The cut is the file system's own shutdown without a flush of its journal: from then on nothing
reaches the image. What a later mount finds is what was synced, and whatever part of the rest had
been written back before.

The mount lies in a mount namespace of this process and its children, and the loop device frees
itself with its last user, so that nothing remains however the process ends.
"""

import ctypes
import fcntl
import os
import pathlib
import shutil
import struct
import subprocess

EXT4_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2
CLONE_NEWNS = 0x20000
SYNC_AND_WAIT = 1 | 2 | 4
IMAGE_BYTES = 192 << 20
NEEDED = ("mkfs.ext4", "mount", "umount", "setpriv")

libc = ctypes.CDLL(None, use_errno=True)


class Unavailable(Exception):
    """This machine cannot cut the power of a file system; says why."""


def private_mounts():
    """What this process mounts from now on, nobody else sees, and it goes with the process."""
    if os.geteuid() != 0:
        raise Unavailable("needs root")
    for program in NEEDED:
        if shutil.which(program) is None:
            raise Unavailable(f"needs {program}")
    if libc.unshare(CLONE_NEWNS) != 0:
        raise Unavailable(f"no mount namespace: {os.strerror(ctypes.get_errno())}")
    run("mount", "--make-rprivate", "/")


def run(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise Unavailable(f"{' '.join(map(str, command))}: {done.stderr.strip()}")
    return done.stdout


class LoopDisk:
    """The image `folder`/image, mounted at `folder`/disk. `options` are those of the mount."""

    def __init__(self, folder, options=""):
        self.image = pathlib.Path(folder) / "image"
        self.path = pathlib.Path(folder) / "disk"
        self.options = options
        self.mounted = False
        with open(self.image, "wb") as file:
            file.truncate(IMAGE_BYTES)
        run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0",
            "-J", "size=8", self.image)
        self.path.mkdir()
        self.mount()

    def mount(self):
        """Replays the journal, if there is something to replay."""
        options = "loop" + ("," + self.options if self.options else "")
        run("mount", "-t", "ext4", "-o", options, self.image, self.path)
        self.mounted = True

    def unmount(self):
        if self.mounted:
            run("umount", self.path)
            self.mounted = False

    def discard(self):
        """Whatever state it is in: unmounted at once."""
        if self.mounted:
            subprocess.run(["umount", "-l", self.path], check=False)
            self.mounted = False

    def cut(self):
        """From here on nothing is written."""
        top = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.ioctl(top, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(top)

    def write_back(self, source):
        """What the kernel might have written by itself before the cut: nothing, some pages of some
        files, their blocks' places as well, or everything. Returns which."""
        choice = source.choices(["nothing", "some pages", "some pages and places", "everything"],
                                [35, 30, 25, 10])[0]
        if choice == "everything":
            self.sync()
        elif choice != "nothing":
            self.write_back_some(source)
            if choice == "some pages and places":
                self.commit()
        return choice

    def sync(self):
        top = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        libc.syncfs(top)
        os.close(top)

    def write_back_some(self, source):
        files = sorted(path for path in self.path.rglob("*") if path.is_file())
        for path in files:
            size = path.stat().st_size
            if size == 0 or source.random() < 0.4:
                continue
            file = os.open(path, os.O_RDONLY)
            for _ in range(source.randint(1, 4)):
                begin, end = sorted((source.randrange(size), source.randrange(size)))
                if source.random() < 0.3:
                    begin, end = 0, size
                libc.sync_file_range(file, ctypes.c_int64(begin), ctypes.c_int64(end - begin),
                                     SYNC_AND_WAIT)
            os.close(file)

    def commit(self):
        """Has the file system commit what it has in mind, by a sync of a file of no interest."""
        path = self.path / "beside"
        file = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        os.write(file, b"x")
        os.fsync(file)
        os.close(file)
