#!/usr/bin/env python3
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What it costs to replace vector and payload of a stored point, in one request or in two.

One upsert, against a deletion and an upsert, of random points over REST on connections that stay
open. Every write is durable before it is answered. The ways take turns in short rounds, so that
whatever else the machine does meets all of them, and each pair of rounds gives one ratio; a round
begins when the index has taken in what the one before left. Afterwards every point is read and
compared. The processor time of the server, index included, is told beside the times: it depends
less on what else the machine does. Prints a JSON object.

    bench/atomic_update.py build/release/bin/thespis --dim 784 --connections 1 8
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "integration"))
from thespis_server import Server, wait_green  # noqa: E402

PATH = "/collections/bench/points"
POINTS_PER_REQUEST = 500


class Writer:
    """One connection and the points that only it writes, with what it wrote last."""

    def __init__(self, server, keys, dim, seed):
        self.client = server.client()
        self.keys = keys
        self.source = random.Random(seed)
        # Texts made ahead: what is measured is the server, not how fast Python writes numbers.
        self.vectors = [[self.source.randrange(-1000, 1000) / 8 for _ in range(dim)]
                        for _ in range(50)]
        self.texts = [json.dumps(vector) for vector in self.vectors]
        self.last = {}

    def point(self, key, number):
        which = self.source.randrange(len(self.vectors))
        self.last[key] = (which, number)
        return '{"id":%d,"vector":%s,"payload":{"number":%d,"word":"value"}}' % (
            key, self.texts[which], number)

    def send(self, method, path, body):
        answer = self.client.request(method, path, body)
        if answer.status != 200:
            raise OSError(answer.body)

    def fill(self):
        for first in range(0, len(self.keys), POINTS_PER_REQUEST):
            points = [self.point(key, 0) for key in self.keys[first:first + POINTS_PER_REQUEST]]
            self.send("PUT", PATH, '{"points":[%s]}' % ",".join(points))

    def upsert(self, number):
        key = self.source.choice(self.keys)
        self.send("PUT", PATH, '{"points":[%s]}' % self.point(key, number))

    def delete_and_insert(self, number):
        key = self.source.choice(self.keys)
        self.send("POST", PATH + "/delete", '{"points":[%d]}' % key)
        self.send("PUT", PATH, '{"points":[%s]}' % self.point(key, number))

    def check(self):
        found = self.client.post(PATH, {"ids": self.keys, "with_vector": True}).result
        shown = {point["id"]: (point["vector"], point["payload"]["number"]) for point in found}
        for key, (which, number) in self.last.items():
            if shown.get(key) != (self.vectors[which], number):
                raise AssertionError(f"point {key} is not what was written last")


def processor_s(server):
    """Processor time that the server has taken so far."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def run_round(writers, way, count):
    """Seconds for `count` updates on each connection at once."""
    failures = []

    def work(writer):
        try:
            for number in range(count):
                getattr(writer, way)(number)
        except Exception as failure:  # told below
            failures.append(failure)

    threads = [threading.Thread(target=work, args=(writer,)) for writer in writers]
    begin = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    return time.perf_counter() - begin


def measure(server, options, connections):
    share = options.points // connections
    writers = [Writer(server, list(range(number * share, (number + 1) * share)), options.dim,
                      options.seed + number) for number in range(connections)]
    client = server.client()
    client.delete("/collections/bench")
    vectors = {"size": options.dim, "distance": "Euclid", "index": options.index}
    assert client.put("/collections/bench", {"vectors": vectors}).result is True
    for writer in writers:
        writer.fill()
    times = {"upsert": [], "delete_and_insert": []}
    taken = dict.fromkeys(times, 0.0)
    wait_green(client, "bench", 600)
    for turn in range(options.rounds):
        for way in sorted(times, reverse=turn % 2 == 0):
            before = processor_s(server)
            times[way].append(run_round(writers, way, options.updates))
            wait_green(client, "bench", 600)
            taken[way] += processor_s(server) - before
    for writer in writers:
        writer.check()
    ratios = sorted(two / one for one, two in zip(times["upsert"], times["delete_and_insert"]))
    done = options.updates * connections * options.rounds
    return {"connections": connections, "updates": done,
            "upserts_per_s": round(done / sum(times["upsert"])),
            "delete_and_insert_per_s": round(done / sum(times["delete_and_insert"])),
            "ratio": round(sum(times["delete_and_insert"]) / sum(times["upsert"]), 2),
            "ratio_median": round(statistics.median(ratios), 2),
            "ratio_least": round(ratios[0], 2), "ratio_most": round(ratios[-1], 2),
            "processor_us": {way: round(1e6 * seconds / done) for way, seconds in taken.items()}}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binary")
    parser.add_argument("--points", type=int, default=4000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--index", default="hnsw", help="an index plugin")
    parser.add_argument("--updates", type=int, default=100, help="per round and connection")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8])
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["THESPIS_BINARY"] = options.binary
    with tempfile.TemporaryDirectory() as folder:
        with Server(pathlib.Path(folder) / "data").start() as server:
            runs = [measure(server, options, count) for count in options.connections]
    print(json.dumps({"dim": options.dim, "index": options.index, "points": options.points,
                      "seed": options.seed, "runs": runs}, indent=2))


if __name__ == "__main__":
    main()
