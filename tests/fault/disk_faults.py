# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The disk fails at the N-th call of one kind: EIO, ENOSPC or half a write, once or from then on.

For each kind of call and of fault, N goes up until the scripted workload no longer reaches it. At
each N the server keeps serving and answers what it cannot do with an error that names it, or ends
at once with status 74 and a last line that says what to do. It never hangs, and never shows what
is wrong. Started again on a healthy disk it has everything that was acknowledged, and a third
start changes nothing. Preloads `libfailing_disk.so`, so no file system or rights are needed.

Usage: THESPIS_BINARY=... disk_faults.py --library FILE [--calls CALL...] [--errors ERROR...]
           [--at N...] [--every K] [--lasting] [--jobs N] [--seed S]
"""

import argparse
import concurrent.futures
import itertools
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from ledger import Broken
from scripted import SETTINGS, Gone, Script, new_book, wait_without_orphans
from thespis_server import Server, ServerFailed

CALLS = ("write", "pwrite", "fsync", "fdatasync", "rename", "ftruncate", "fallocate", "create")
ERRORS = {"write": ("EIO", "ENOSPC", "short"), "pwrite": ("EIO", "ENOSPC", "short"),
          "fsync": ("EIO", "ENOSPC"), "fdatasync": ("EIO", "ENOSPC"), "rename": ("EIO", "ENOSPC"),
          "ftruncate": ("EIO",), "fallocate": ("EIO", "ENOSPC"), "create": ("EIO", "ENOSPC")}
# The end of the process because storage can promise nothing any more.
PANIC_STATUS = 74
# A start that is refused ends with one of these, and with a line that says why.
REFUSED_STATUSES = (1, 2, PANIC_STATUS)
STOP_TIMEOUT_S = 60


class Outcome:
    """What one fault led to: `unreached`, `served`, `refused`, `panic` or `not started`."""

    def __init__(self, what, where=""):
        self.what = what
        self.where = where


class Trial:
    """One data folder whose disk fails once."""

    def __init__(self, folder, options, call, error, at):
        folder.mkdir()
        self.folder = folder
        self.call = call
        self.at = at
        self.report = folder / "fault"
        self.book = new_book(folder / "ledger")
        self.source = random.Random(options.seed)
        self.server = Server(folder / "data")
        self.healthy = {**SETTINGS, "THESPIS__LOG__LEVEL": "warn"}
        self.faulty = {**self.healthy, "LD_PRELOAD": str(options.library),
                       "THESPIS_FAULT_FOLDER": str((folder / "data").resolve()),
                       "THESPIS_FAULT_CALL": call, "THESPIS_FAULT_ERROR": error,
                       "THESPIS_FAULT_AT": str(at), "THESPIS_FAULT_REPORT": str(self.report)}
        if options.lasting:
            self.faulty["THESPIS_FAULT_LASTS"] = "1"
        self.lasting = options.lasting

    def run(self):
        outcome = self.suffer()
        self.server.environment = self.healthy
        self.server.start()
        before = self.check()
        self.server.kill()
        self.server.start()
        client = self.server.client()
        oracle.check_unchanged(client, before)
        client.close()
        self.server.kill()
        return outcome

    def suffer(self):
        self.server.environment = self.faulty
        try:
            self.server.start()
        except ServerFailed:
            return self.ended("not started")
        script = Script(self.server, self.book, self.source.getrandbits(32))
        if not script.run():
            return self.ended("panic")
        if self.report.exists() and not self.lasting:
            # It serves on: what it shows now has to be right, too.
            try:
                self.check()
            except (OSError, Gone):
                return self.ended("panic")
        self.server.process.send_signal(signal.SIGTERM)
        status = self.wait_end()
        if not self.report.exists():
            if status != 0:
                raise Broken(f"ended with {status} without a fault")
            return Outcome("unreached")
        if status != 0:
            self.check_last_line(status)
        return Outcome("refused" if script.refused else "served", self.where())

    def wait_end(self):
        status = self.server.wait_exit(STOP_TIMEOUT_S)
        self.server.process = None
        return status

    def ended(self, what):
        status = self.wait_end()
        if not self.report.exists():
            raise Broken(f"ended with {status} without a fault")
        self.check_last_line(status)
        return Outcome(what, self.where())

    def check_last_line(self, status):
        lines = self.server.output().strip().splitlines()
        last = lines[-1] if lines else ""
        if status not in REFUSED_STATUSES:
            raise Broken(f"ended with {status}, not with {PANIC_STATUS}")
        if not last.startswith("thespis: ") or len(last) < 40:
            raise Broken(f"the last line says nothing: {last!r}")
        if status == PANIC_STATUS and not ("restart" in last and str(self.folder) in last):
            raise Broken(f"the last line does not say where, or what to do: {last!r}")

    def where(self):
        """The file that the fault hit, without what differs between runs."""
        return pathlib.Path(self.report.read_text().split()[1]).name

    def check(self):
        client = self.server.client()
        try:
            shown = oracle.check(client, self.book, self.source)
        finally:
            client.close()
        wait_without_orphans(self.server.data_dir, len(shown))
        return shown


def run_one(folder, options, call, error, at):
    """(outcome, None) or (None, what was broken)."""
    trial = Trial(folder / f"{call}-{error}-{at}", options, call, error, at)
    with trial.server:
        try:
            outcome = trial.run()
        except (Broken, AssertionError, ServerFailed, OSError) as failure:
            trial.book.dump()
            output = trial.server.output()[-3000:]
            hit = trial.report.read_text().strip() if trial.report.exists() else "nothing"
            told = f"{call} {at} {error} (hit {hit}): {failure}"
            return None, f"{told}\nthe server printed:\n{output}"
    shutil.rmtree(trial.folder)
    return outcome, None


def walk(pool, folder, options, call, error):
    """Every N of one call and error; prints a line of figures; the failures."""
    numbers = iter(options.at) if options.at else itertools.count(1, options.every)
    tally, failures, running = {}, [], []
    reached = True
    while reached or running:
        while reached and len(running) < options.jobs:
            number = next(numbers, None)
            if number is None:
                reached = False
            else:
                running.append(pool.submit(run_one, folder, options, call, error, number))
        if not running:
            break
        outcome, failure = running.pop(0).result()
        if failure is not None:
            failures.append(failure)
            print(f"FAILED: {failure}", flush=True)
        elif outcome.what == "unreached":
            reached = False
        else:
            tally[outcome.what] = tally.get(outcome.what, 0) + 1
    total = sum(tally.values()) + len(failures)
    told = ", ".join(f"{count} {what}" for what, count in sorted(tally.items()))
    print(f"{call} {error}{' lasting' if options.lasting else ''}: {total} faults: {told}, "
          f"{len(failures)} failures", flush=True)
    return total, failures


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--calls", nargs="+", choices=CALLS, default=CALLS)
    parser.add_argument("--errors", nargs="+", choices=("EIO", "ENOSPC", "short"), default=None)
    parser.add_argument("--at", nargs="+", type=int, help="only these N")
    parser.add_argument("--every", type=int, default=1, help="only every K-th N")
    parser.add_argument("--lasting", action="store_true", help="every later call fails as well")
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    options.library = options.library.resolve()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-disk-")).resolve()
    began = time.monotonic()
    total, failures = 0, []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for call in options.calls:
            for error in ERRORS[call]:
                if options.errors is None or error in options.errors:
                    part = folder / f"{call}-{error}"
                    part.mkdir()
                    count, found = walk(pool, part, options, call, error)
                    total += count
                    failures += found
    print(f"{total} faults, {len(failures)} failures, {time.monotonic() - began:.0f} s")
    if total == 0:
        print("FAILED: no fault was reached")
    if failures or total == 0:
        print(f"FAILED (seed {options.seed}, data and ledgers in {folder})")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
