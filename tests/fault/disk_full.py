# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A disk that fills up, wholly too, under writes, deletions, checkpoints, saves and restarts.

Each round writers go on until the server refuses with 507, then other files take what is left, once
in a while all of it; meanwhile points are written, read and deleted, indexes checked and saved.
Then space returns and writes resume. The process may never end by itself, and nothing acknowledged
may be lost.

Usage: THESPIS_BINARY=... disk_full.py [--rounds N] [--seed S] [--fs ext4|tmpfs]
"""

import argparse
import pathlib
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from ledger import DELETED, Book, Broken
from small_disk import MIB, Unavailable, mounted
from thespis_server import Server, ServerFailed
from workload import CollectionLife, IndexChecker, PointWriter, random_id, random_value

COLLECTIONS = {
    "single": {"": (16, "Euclid")},
    "named": {"image": (12, "Cosine"), "text": (5, "Dot")},
    "wide": {"": (768, "Cosine")},
}
SHORT_LIVED = ["come", "go"]
IDS_PER_WORKER = 200
DISK_BYTES = 192 * MIB
LOG_FILE_BYTES = 4 * MIB
CACHE_BYTES = 8 * MIB
RESERVE_BYTES = max(2 * LOG_FILE_BYTES + CACHE_BYTES, DISK_BYTES // 20)
SETTINGS = {
    "THESPIS__STORAGE__LOG_FILE_BYTES": str(LOG_FILE_BYTES),
    "THESPIS__STORAGE__CACHE_BYTES": str(CACHE_BYTES),
    "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "1",
    "THESPIS__STORAGE__CHECKPOINT_LOG_BYTES": str(8 * MIB),
    "THESPIS__STORAGE__JOURNAL_RETENTION_BYTES": str(MIB),
    "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1",
}
REFUSAL_PATIENCE_S = 20
RESUME_PATIENCE_S = 15
STALL_S = 2
SKIPPED = 77


def counting(kind):
    """A worker that counts what was refused for want of space, and done."""
    class Counting(kind):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self.full = 0
            self.done = 0

        def refused(self, answer):
            if answer.status == 507:
                self.full += 1
                told = answer.json["status"]["error"]
                if "free" not in told:
                    raise Broken(f"a refusal that does not say what is missing: {told}")
            elif answer.status == 200:
                self.done += 1
            return super().refused(answer)
    return Counting


Writer, Life, Checker = counting(PointWriter), counting(CollectionLife), counting(IndexChecker)


class Campaign:
    """One server on a small disk, and what it has promised."""

    def __init__(self, options, folder, disk):
        self.options = options
        self.source = random.Random(options.seed)
        self.disk = disk
        self.book = Book(folder / "ledger")
        for name, schema in COLLECTIONS.items():
            self.book.add(name, schema)
        for name in SHORT_LIVED:
            self.book.add(name, COLLECTIONS["single"])
        self.ids = {name: [random_id(self.source, worker, number)
                           for number in range(IDS_PER_WORKER)]
                    for worker, name in enumerate([*COLLECTIONS, "life"])}
        self.server = Server(disk.at / "data", environment=SETTINGS)
        self.counts = {"refused": 0, "written": 0, "deleted full": 0, "full starts": 0,
                       "wholly full": 0}

    def seed(self):
        return random.Random(self.source.getrandbits(64))

    def workers(self):
        book = self.book.ledgers
        return [*(Writer(self.server, self.seed(), book[name], self.ids[name])
                  for name in COLLECTIONS),
                Life(self.server, self.seed(), [book[name] for name in SHORT_LIVED],
                     self.ids["life"]),
                Checker(self.server, self.seed(), book["single"])]

    def end(self, workers):
        for worker in workers:
            worker.stop.set()
        for worker in workers:
            worker.join()
            self.counts["refused"] += worker.full
            self.counts["written"] += worker.done
        for worker in workers:
            if worker.failure is not None:
                raise worker.failure
        self.alive()

    def alive(self):
        status = self.server.process.poll()
        if status is not None:
            raise Broken(f"the process ended with {status}")

    def check(self):
        self.alive()
        client = self.server.client()
        shown = oracle.check(client, self.book, self.source)
        client.close()
        return shown

    def wait_refused(self, workers):
        """Until writers have met the reserve, which others bring nearer, if it is far."""
        deadline = time.monotonic() + REFUSAL_PATIENCE_S
        leave = self.source.randrange(1, 8) * MIB
        while not any(worker.full for worker in workers[:len(COLLECTIONS)]):
            self.alive()
            if time.monotonic() > deadline:
                raise Broken(f"no write was refused, {self.disk.free_bytes()} bytes are free")
            self.disk.fill(leave)
            leave = max(leave // 2, MIB // 4)
            time.sleep(0.5)

    def fill_the_rest(self):
        """Other files take more and more, at random moments, down to nothing once in a while."""
        for _ in range(self.source.randint(1, 3)):
            wholly = self.source.random() < 0.4
            self.counts["wholly full"] += wholly
            self.disk.fill(0 if wholly else self.source.randrange(MIB))
            time.sleep(self.source.uniform(0.1, 1))
            self.alive()

    def delete_on_full(self):
        """A deletion is let through as long as the reserve is there. With other files up to the
        brim it may be refused, but never fail otherwise."""
        ledger = self.book.ledgers["single"]
        some = list(ledger.alive())[:5]
        client = self.server.client()
        answer = client.post("/collections/single/points/delete?wait=true", {"points": some})
        client.close()
        if answer.status == 200:
            ledger.acknowledge(dict.fromkeys(some, DELETED))
            self.counts["deleted full"] += 1
        elif answer.status != 507:
            raise Broken(f"a deletion on a full disk: {answer.status} {answer.body[:300]!r}")

    def restart_on_full(self):
        """A start needs no more than what was taken ahead."""
        if self.stalled():
            return
        if self.source.random() < 0.5:
            self.server.kill()
        else:
            status = self.server.stop()
            if status != 0:
                raise Broken(f"a stop on a full disk ended with {status}")
        self.server.start()
        self.counts["full starts"] += 1

    def wait_resumed(self):
        """Without a restart, writes are taken again."""
        ledger = self.book.ledgers["single"]
        key = self.ids["single"][0]
        client = self.server.client()
        deadline = time.monotonic() + RESUME_PATIENCE_S
        while True:
            value = random_value(self.source, self.book, ledger.schema, key)
            body = {"points": [{"id": key, "vector": value_list(value), "payload": value.payload}]}
            answer = client.put("/collections/single/points?wait=true", body)
            if answer.status == 200:
                ledger.acknowledge({key: value})
                break
            if time.monotonic() > deadline or answer.status != 507:
                raise Broken(f"writes did not resume: {answer.status} {answer.body[:500]!r}; "
                             f"{self.disk.free_bytes()} bytes are free")
            time.sleep(0.05)
        client.close()

    def round(self):
        workers = self.workers()
        for worker in workers:
            worker.start()
        try:
            self.wait_refused(workers)
            self.fill_the_rest()
        finally:
            # A write that waits for space is let through, so that nobody waits for it in vain.
            if self.source.random() < 0.5 or self.stalled():
                self.disk.clear()
            self.end(workers)
        self.delete_on_full()
        self.check()
        if self.source.random() < 0.4:
            self.restart_on_full()
            self.check()
        self.disk.clear()
        self.wait_resumed()
        self.check()

    def stalled(self):
        """Whether storage has used up what it took ahead: what it has to write may wait, and
        requests with it."""
        client = self.server.client()
        client.connection.timeout = STALL_S
        try:
            return client.get("/telemetry").result["disk"]["full"]
        except TimeoutError:
            return True
        finally:
            client.close()

    def run(self):
        with self.server:
            self.server.start()
            client = self.server.client()
            for name in COLLECTIONS:
                created = client.put(f"/collections/{name}", self.book.ledgers[name].creation())
                assert created.result is True
                self.book.ledgers[name].created()
            client.close()
            for number in range(1, self.options.rounds + 1):
                try:
                    self.round()
                except (Broken, AssertionError, ServerFailed, OSError) as failure:
                    self.book.dump()
                    raise Broken(f"round {number}: {failure}\nthe server printed:\n"
                                 f"{self.server.output()[-3000:]}") from failure
            if self.server.stop() != 0:
                raise Broken("the last stop failed")
        told = ", ".join(f"{count} {what}" for what, count in self.counts.items())
        print(f"{self.options.rounds} rounds on {self.options.fs}, "
              f"{self.book.acknowledged} acknowledged requests: {told}")
        if not self.counts["refused"] or not self.counts["written"]:
            raise Broken("too little happened for this to prove anything")


def value_list(value):
    return list(oracle.floats(value.vectors[""]))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    parser.add_argument("--fs", choices=["ext4", "tmpfs"], default="ext4")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-full-"))
    try:
        with mounted(options.fs, DISK_BYTES, folder) as disk:
            Campaign(options, folder, disk).run()
    except Unavailable as reason:
        print(f"SKIPPED: {reason}")
        shutil.rmtree(folder)
        return SKIPPED
    except Broken as failure:
        print(f"FAILED (seed {options.seed}, ledger in {folder}): {failure}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
