# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Everything at once, for a sanitizer to watch: writes, deletes, searches, reads, index checks,
collections that come and go while they are used, metrics, orderly ends under load, kills, ends
during starts; with saves, checkpoints and journal trims every second.

Every answer is checked: its status is one that may come, hits belong to the collection and are
in order, a point's vector is the one that was written with its payload, scores are those of the
vectors. The run fails at the first wrong answer, sanitizer report, failed collection, hang (with
the stacks of all threads where gdb is there) or bad exit status.

Usage: THESPIS_BINARY=... stress.py [--seconds S] [--seed S] [--clients C]
"""

import argparse
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "integration"))

from stress_client import LASTING, Broken, Client, Target, metrics_of, vector_of
from thespis_server import Server, ServerFailed

SILENCE_S = 240  # Nothing answered for so long is a hang, also where instrumented code runs slowly.
EXIT_S = 400
UPTIME_S = (1, 8)
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:history_size=7:suppressions="
                    f"{TESTS / 'thread_sanitizer.supp'}",
}
# Small and often, so that everything meets everything.
SETTINGS = {
    "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1",
    "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "1",
    "THESPIS__STORAGE__CHECKPOINT_LOG_BYTES": str(1 << 20),
    "THESPIS__STORAGE__LOG_FILE_BYTES": str(256 << 10),
    "THESPIS__STORAGE__JOURNAL_RETENTION_BYTES": "0",
    "THESPIS__STORAGE__CACHE_BYTES": str(8 << 20),
    "THESPIS__SERVER__SHUTDOWN_TIMEOUT_MS": "300000",
    "THESPIS__RUNTIME__POOL_THREADS": "4",
    "THESPIS__RUNTIME__BUILDER_THREADS": "3",
}
REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:",
           "collection failed", "quarantined")
def stacks(process):
    """The stacks of all threads, where a debugger can tell."""
    if shutil.which("gdb") is None:
        return "no gdb for the stacks of its threads"
    command = ["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt 25"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    return told.stdout[-60000:]


def wait_exit(server, allowed):
    process = server.process
    try:
        status = process.wait(EXIT_S)
    except subprocess.TimeoutExpired:
        raise Broken(f"still there {EXIT_S} s after SIGTERM:\n{stacks(process)}") from None
    server.process = None
    if status not in allowed:
        raise Broken(f"an orderly end with status {status}")


def end_orderly(server, allowed=(0,)):
    server.process.send_signal(signal.SIGTERM)
    wait_exit(server, allowed)


def replace(target, source):
    server = target.server
    target.generation += 1
    if source.random() < 0.75:
        end_orderly(server)
        target.count("orderly ends")
    else:
        server.kill()
        target.count("kills")
    while source.random() < 0.3:
        server.spawn()
        time.sleep(source.uniform(0, 1.5))
        # Before it minds signals, one ends it at once.
        end_orderly(server, allowed=(0, -signal.SIGTERM))
        target.count("ends during a start")
    server.start()
    target.generation += 1
    target.last_answer = time.monotonic()


def watch(target, seconds):
    """Until a time is over or something is wrong."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and not target.over.is_set():
        target.over.wait(0.1)
        status = target.server.process.poll()
        if status is not None:
            raise Broken(f"the server ended by itself with {status}")
        if time.monotonic() - target.last_answer > SILENCE_S:
            raise Broken(f"no answer for {SILENCE_S} s:\n{stacks(target.server.process)}")


def check_at_rest(server):
    """When nobody writes, count and scan agree, and exact search finds what the scan found."""
    client = server.client()
    for collection in LASTING:
        path = Client.path(collection, "/points")
        count = client.post(f"{path}/count", {"exact": True}).result["count"]
        page = client.post(f"{path}/scroll", {"limit": 10_000}).result["points"]
        name, metric = next(iter(metrics_of(collection).items()))
        body = {"query": vector_of(1, name), "limit": 10_000, "params": {"exact": True}}
        if name:
            body["using"] = name
        hits = client.post(f"{path}/query", body).result["points"]
        found = {point["id"] for point in page}
        if not count == len(page) == len(found) or {hit["id"] for hit in hits} != found:
            raise Broken(f"{collection} ({metric}): count {count}, scan {len(page)}, exact search "
                         f"{len(hits)}")
    client.close()


def make_collections(server):
    client = server.client()
    for collection, body in LASTING.items():
        if client.put(Client.path(collection), body).result is not True:
            raise Broken(f"collection {collection} was not made")
    client.close()


def stress(target, clients, options, source):
    end = time.monotonic() + options.seconds
    for client in clients:
        client.start()
    try:
        while time.monotonic() < end and not target.over.is_set():
            up = source.uniform(*UPTIME_S) * min(1, options.seconds / 60 + 0.2)
            watch(target, min(up, max(0, end - time.monotonic())))
            if time.monotonic() < end and not target.over.is_set():
                replace(target, source)
    finally:
        target.over.set()
        for client in clients:
            client.join()
    for client in clients:
        if client.failure is not None:
            raise Broken(f"client {client.number}: {client.failure!r}") from client.failure


def run(options, folder):
    source = random.Random(options.seed)
    environment = {**SETTINGS, **{name: os.environ.get(name, value)
                                  for name, value in SANITIZERS.items()}}
    with Server(folder / "data", environment=environment) as server:
        target = Target(server)
        clients = [Client(number, target, random.Random(source.getrandbits(64)))
                   for number in range(options.clients)]
        try:
            server.start()
            make_collections(server)
            stress(target, clients, options, source)
            check_at_rest(server)
            end_orderly(server)
            server.start()
            check_at_rest(server)
            end_orderly(server)
            said = [line for line in server.output().splitlines()
                    if any(report in line for report in REPORTS)]
            if said:
                raise Broken(f"the server said {said[:5]}")
        except (Broken, AssertionError, ServerFailed, OSError) as failure:
            raise Broken(f"{failure}\nthe server printed:\n{server.output()[-20000:]}") from failure
    print(", ".join(f"{what}: {count}" for what, count in sorted(target.counts.items())))
    if target.counts["200"] < 10 * options.seconds:
        raise Broken("too little was done for this to prove anything")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=12)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-stress-"))
    try:
        run(options, folder)
    except Broken as failure:
        print(f"FAILED (seed {options.seed}, data in {folder}): {failure}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
