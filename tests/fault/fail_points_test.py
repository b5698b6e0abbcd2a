# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The process dies at every named step of a change; then nothing may be lost, halved or left over.

The names are read from the sources. Each is set to `kill` in a server that runs the scripted
workload or recovers; after a restart the oracle holds what is there against what was acknowledged,
the data folder must hold nothing that belongs to no collection, and another restart must change
nothing. A name that no server reached fails the test.

Usage: THESPIS_BINARY=... fail_points_test.py [--only NAME...] [--jobs N] [--seed S]
"""

import argparse
import concurrent.futures
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from ledger import Broken
from scripted import SETTINGS, Script, new_book, wait_without_orphans
from thespis_server import Server, ServerFailed

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("actors", "apps", "plugins", "protocols", "storage")
POINT = re.compile(r'THESPIS_FAIL_POINT(?:_FAILS)?\(\s*"([^"]+)"')
DEATH_TIMEOUT_S = 40
# Steps that all derived files take are reached for several of them.
REPEATED = {"derived": 4, "rows": 2}
# Kills that leave behind what a step of recovery needs.
LEADS = {"recovery.orphan_found": "create.slots_table_made=kill",
         "recovery.copy_found": "copy.caught_up=kill"}


def names_in_sources():
    found = set()
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.[ch]pp")):
            found.update(POINT.findall(path.read_text(encoding="utf-8")))
    return sorted(found)


class Trial:
    """One data folder with its book, and servers on it one after another."""

    def __init__(self, folder, seed):
        folder.mkdir()
        self.folder = folder
        self.book = new_book(folder / "ledger")
        self.source = random.Random(seed)
        self.server = Server(folder / "data")

    def plan(self, points):
        self.server.environment = {**SETTINGS, "THESPIS_FAIL_POINTS": points,
                                   "THESPIS__LOG__LEVEL": "warn"}

    def spawn_to_die(self, points):
        """Starts a server that ends by itself; whether it did so before it was ready."""
        self.plan(points)
        try:
            self.server.start()
            return False
        except ServerFailed:
            self.check_killed()
            return True

    def check_killed(self):
        status = self.server.wait_exit(DEATH_TIMEOUT_S)
        self.server.process = None
        if status != -signal.SIGKILL:
            raise Broken(f"ended with {status}, not by its fail point:\n{self.server.output()}")

    def script(self):
        """Runs the script; whether the server survived it."""
        return Script(self.server, self.book, self.source.getrandbits(32)).run()

    def check(self):
        self.plan("")
        self.server.start()
        self.check_served()
        before = self.shown()
        self.server.kill()
        self.server.start()
        client = self.server.client()
        oracle.check_unchanged(client, before)
        client.close()
        self.server.kill()

    def check_served(self):
        client = self.server.client()
        shown = oracle.check(client, self.book, self.source)
        client.close()
        wait_without_orphans(self.server.data_dir, len(shown))

    def shown(self):
        client = self.server.client()
        shown = oracle.scan_all(client)
        client.close()
        return shown

    def kill_in_script(self, points):
        """A kill at a step of a change, of upkeep or of the end."""
        if not self.spawn_to_die(points):
            if self.script():
                self.server.process.send_signal(signal.SIGTERM)
            self.check_killed()
        self.check()

    def kill_in_recovery(self, points):
        """A kill while a server starts on what another kill left."""
        self.plan("")
        self.server.start()
        if not self.script():
            raise Broken("the script did not end")
        self.server.kill()
        self.die_starting(points)

    def die_starting(self, points):
        if not self.spawn_to_die(points):
            # Collections may still be loading when the server listens, but then it dies soon.
            self.check_killed()
        self.check()

    def kill_with_rest(self, points):
        if not self.spawn_to_die(LEADS[points.split("=")[0]]):
            self.script()
            self.check_killed()
        self.die_starting(points)

    def kill_with_gap(self, points):
        """An entry is assigned and never committed while a later one becomes durable."""
        self.plan("")
        self.server.start()
        if not self.script():
            raise Broken("the script did not end")
        self.server.kill()
        # The next boot's first entry waits; the script's second connection writes past it.
        self.plan("write.assigned=wait:30000")
        self.server.start()
        first, second = (Script(self.server, self.book, 7 + number) for number in range(2))
        waiting = threading.Thread(target=quietly, args=(first, "later"))
        waiting.start()
        time.sleep(0.5)
        late = threading.Thread(target=quietly, args=(second, "docs"))
        late.start()
        time.sleep(1.0)
        self.server.kill()
        waiting.join()
        late.join()
        self.die_starting(points)


def quietly(script, collection):
    """One write whose answer never comes."""
    try:
        script.upsert(collection, script.ids[:5])
    except Exception:  # the server is killed meanwhile, and the book knows that
        pass
    finally:
        script.close()


def way_to(name):
    if name == "recovery.gap_filled":
        return Trial.kill_with_gap
    if name in LEADS:
        return Trial.kill_with_rest
    return Trial.kill_in_recovery if name.startswith("recovery.") else Trial.kill_in_script


def plans(names):
    """(name, times) for each run."""
    for name in names:
        for times in range(1, REPEATED.get(name.split(".")[0], 1) + 1):
            yield name, times


def run_one(folder, name, times, seed):
    trial = Trial(folder / f"{name}-{times}", seed)
    with trial.server:
        try:
            way_to(name)(trial, f"{name}=kill@{times}")
        except (Broken, AssertionError, ServerFailed, OSError) as failure:
            trial.book.dump()
            output = trial.server.output()[-3000:]
            return f"{name}@{times}: {failure}\nthe server printed:\n{output}"
    shutil.rmtree(trial.folder)
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="*", default=None)
    parser.add_argument("--jobs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    names = names_in_sources()
    if len(names) < 40:
        print(f"FAILED: only {len(names)} names were found in the sources")
        return 1
    names = [name for name in names if options.only is None or name in options.only]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-points-"))
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        runs = [pool.submit(run_one, folder, name, times, options.seed) for name, times
                in plans(names)]
        failures = [failure for run in runs if (failure := run.result()) is not None]
    for failure in failures:
        print(f"FAILED (seed {options.seed}, data and ledger in {folder}): {failure}")
    print(f"{len(runs)} kills at {len(names)} steps, {len(failures)} failures, "
          f"{time.monotonic() - began:.0f} s")
    if failures:
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
