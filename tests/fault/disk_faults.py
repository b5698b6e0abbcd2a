# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The disk fails at the N-th call of one kind: EIO, ENOSPC or half a write, once or from then on.

For each kind of call and of fault, N goes up until the scripted workload no longer reaches it. At
each N the server keeps serving and answers what it cannot do with an error that names it, or ends
at once with status 74 and a last line that says what to do. It never shows what is wrong. For want
of room it does not end, unless while it starts or stops or in a sync: a call that finds none once
is made again, and if there never is any, writes wait or are refused while reads go on. Started
again on a healthy disk it has everything that was acknowledged, and a third start changes nothing.
Preloads `libfailing_disk.so`, so no file system or rights are needed.

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
import subprocess
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
STOP_TIMEOUT_S = 30
REQUEST_TIMEOUT_S = 20
UPKEEP_TIMEOUT_S = 5
# Where the fault lasts, some answers do not come.
WAITING_S = 3
# A process that dies closes its connections first.
DYING_S = 1
# What storage says when it waits for room.
WAITS = "waits for space"
MOST_FAILURES = 5


class Outcome:
    """What one fault led to: `unreached`, `served`, `refused`, `waits`, `panic` or
    `not started`."""

    def __init__(self, what):
        self.what = what


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
            self.faulty["THESPIS__SERVER__SHUTDOWN_TIMEOUT_MS"] = "2000"
        self.lasting = options.lasting
        self.full = error != "EIO" and call not in ("fsync", "fdatasync")
        self.patience_s = WAITING_S if options.lasting else REQUEST_TIMEOUT_S

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
            self.server.start(2 * self.patience_s)
        except ServerFailed:
            return self.wait_for_ever() if self.waits() else self.ended("not started")
        script = Script(self.server, self.book, self.source.getrandbits(32), self.patience_s,
                        UPKEEP_TIMEOUT_S)
        if not script.run():
            if not self.waits():
                return self.ended("panic")
            self.read_on()
            return self.wait_for_ever()
        if self.report.exists() and not self.lasting:
            # It serves on: what it shows now has to be right, too.
            try:
                if not script.resume():
                    return self.ended("panic")
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
        return Outcome("refused" if script.refused else "served")

    def waits(self):
        """Whether the server is still there although it did not answer; a disk that is full for
        ever is the one reason for that."""
        try:
            self.server.process.wait(DYING_S)
        except subprocess.TimeoutExpired:
            if self.lasting and self.full and WAITS in self.server.output():
                return True
            raise Broken("it does not answer, does not end and does not say why") from None
        return False

    def read_on(self):
        """While writes wait, reads are answered, and they show everything acknowledged."""
        client = self.server.client(WAITING_S)
        try:
            for ledger in self.book.ledgers.values():
                if ledger.exists and ledger.unknown_life is None:
                    open_ids = {key for changes in ledger.unknown for key in changes}
                    shown = oracle.scan(client, ledger.collection)
                    for key, value in ledger.alive().items():
                        if key not in open_ids and shown.get(key) != value:
                            raise Broken(f"{ledger.collection}: {key!r} does not show")
        except OSError as failure:
            raise Broken(f"reads wait as well: {failure}") from failure
        finally:
            client.close()

    def wait_for_ever(self):
        """The end of a server that waits: by force, or in order, which waits no longer."""
        if self.at % 2:
            self.server.kill()
        else:
            self.server.process.send_signal(signal.SIGTERM)
            status = self.wait_end()
            if status != 0:
                self.check_last_line(status)
        return Outcome("waits")

    def wait_end(self):
        status = self.server.wait_exit(STOP_TIMEOUT_S)
        self.server.process = None
        return status

    def ended(self, what):
        status = self.wait_end()
        if not self.report.exists():
            raise Broken(f"ended with {status} without a fault")
        self.check_last_line(status)
        if what == "panic" and self.full:
            raise Broken("ended for want of room")
        return Outcome(what)

    def check_last_line(self, status):
        lines = self.server.output().strip().splitlines()
        last = lines[-1] if lines else ""
        if status not in REFUSED_STATUSES:
            raise Broken(f"ended with {status}, not with {PANIC_STATUS}")
        if not last.startswith("thespis: ") or len(last) < 40:
            raise Broken(f"the last line says nothing: {last!r}")
        if status == PANIC_STATUS and not ("restart" in last and str(self.folder) in last):
            raise Broken(f"the last line does not say where, or what to do: {last!r}")

    def check(self):
        client = self.server.client()
        try:
            shown = oracle.check(client, self.book, self.source)
        finally:
            client.close()
        wait_without_orphans(self.server.data_dir, len(shown))
        return shown


def run_one(folder, options, call, error, at):
    """(outcome, None) or (outcome, what was broken)."""
    trial = Trial(folder / f"{call}-{error}-{at}", options, call, error, at)
    with trial.server:
        try:
            outcome = trial.run()
        except (Broken, AssertionError, ServerFailed, OSError) as failure:
            trial.book.dump()
            output = trial.server.output()[-3000:]
            hit = trial.report.read_text().strip() if trial.report.exists() else "nothing"
            told = f"{call} {at} {error} (hit {hit}): {failure}"
            outcome = Outcome("failed" if trial.report.exists() else "unreached")
            return outcome, f"{told}\nthe server printed:\n{output}"
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
        if outcome.what == "unreached" or len(failures) >= MOST_FAILURES:
            reached = False
        elif failure is None:
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
