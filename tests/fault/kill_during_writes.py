# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while several connections write; then nothing may be lost.

Usage: THESPIS_BINARY=... kill_during_writes.py [--kills N] [--seed S]
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
from ledger import Book, Broken
from thespis_server import Server, ServerFailed
from workload import CollectionLife, PointWriter, random_id

# Vectors by collection: one single, one named, so that a point is more than one vector.
COLLECTIONS = {
    "single": {"": (16, "Euclid")},
    "named": {"image": (12, "Cosine"), "text": (5, "Dot")},
}
SHORT_LIVED = ["come", "go"]
IDS_PER_WORKER = 300
WRITE_S_MAX = 0.6
KILL_WHILE_STARTING = 0.2


def random_ids(source, worker):
    return [random_id(source, worker, number) for number in range(IDS_PER_WORKER)]


def write_and_kill(server, book, ids, source):
    """Writes over every connection until a kill at a random moment."""
    def seed():
        return random.Random(source.getrandbits(64))
    workers = [PointWriter(server, seed(), book.ledgers[name], ids[name]) for name in COLLECTIONS]
    workers.append(CollectionLife(server, seed(), [book.ledgers[name] for name in SHORT_LIVED],
                                  ids["life"]))
    for worker in workers:
        worker.start()
    time.sleep(source.uniform(0, WRITE_S_MAX))
    server.kill()
    for worker in workers:
        worker.join()
        if worker.failure is not None:
            raise worker.failure
    if source.random() < KILL_WHILE_STARTING:
        server.spawn()
        time.sleep(source.uniform(0, 0.3))
        server.kill()


def check_round(server, book, source):
    server.start()
    client = server.client()
    before = oracle.check(client, book, source)
    client.close()
    server.kill()
    server.start()
    client = server.client()
    oracle.check_unchanged(client, before)
    client.close()


def run(options, folder):
    source = random.Random(options.seed)
    book = Book(folder / "ledger")
    for name, schema in COLLECTIONS.items():
        book.add(name, schema)
    for name in SHORT_LIVED:
        book.add(name, COLLECTIONS["single"])
    ids = {name: random_ids(source, worker)
           for worker, name in enumerate([*COLLECTIONS, "life"])}
    with Server(folder / "data") as server:
        server.start()
        client = server.client()
        for name in COLLECTIONS:
            assert client.put(f"/collections/{name}", book.ledgers[name].creation()).result is True
            book.ledgers[name].created()
        client.close()
        for kill in range(1, options.kills + 1):
            try:
                write_and_kill(server, book, ids, source)
                check_round(server, book, source)
            except (Broken, AssertionError, ServerFailed, OSError) as failure:
                book.dump()
                output = server.output()[-3000:]
                raise Broken(f"kill {kill}: {failure}\nthe server printed:\n{output}") from failure
    print(f"{options.kills} kills, {book.acknowledged} acknowledged requests")
    if book.acknowledged < options.kills:
        raise Broken("too few requests were acknowledged for this to prove anything")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-kill-"))
    try:
        run(options, folder)
    except Broken as failure:
        print(f"FAILED (seed {options.seed}, data and ledger in {folder}): {failure}")
        return 1
    shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
