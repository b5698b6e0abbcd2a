#!/usr/bin/env python3
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Durable single upserts over REST, beside a bare loop over WiredTiger.

The bare loop (thespis_bench_durable) writes rows as large as a point's vector and payload, each
with a commit and a flush of the log, opened as the server opens its database. The server takes
upserts of one point, each durable before it is answered, from as many connections as are asked
for, each of which sends the next when it has its answer (thespis_load). Every upsert brings
another vector for its point. Both take turns in short rounds on the same disk, so that whatever
else the machine does meets both, and each round of the server is set against the bare one before
it; a round begins when the index has taken in what the one before left. Prints a JSON object.

    bench/durable_upserts.py build/release/bin --dims 128 784
"""

import argparse
import json
import os
import pathlib
import random
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "integration"))
from thespis_server import Server, wait_green  # noqa: E402

TARGET = "/collections/bench/points?wait=true"
NUMBERS = 5000


def write_bodies(path, points, dim, seed):
    """Two upserts for each point, far from each other. Answers the bytes of a payload."""
    source = random.Random(seed)
    numbers = [f"{source.gauss(0, 1):.6f}" for _ in range(NUMBERS)]
    with open(path, "w", encoding="ascii") as out:
        for number in range(2 * points):
            payload = '{"number":%d,"word":"value"}' % number
            out.write('{"points":[{"id":%d,"vector":[%s],"payload":%s}]}\n' % (
                number % points, ",".join(source.choices(numbers, k=dim)), payload))
    return len(payload)


class BareLoop:
    """The process of the bare loop; it waits between rounds."""

    def __init__(self, binaries, folder, row_bytes):
        folder.mkdir()
        self.process = subprocess.Popen(
            [binaries / "thespis_bench_durable", folder, "--row-bytes", str(row_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def round(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())["puts_per_s"]

    def close(self):
        self.process.stdin.close()
        if self.process.wait() != 0:
            raise OSError("the bare loop failed")


def load(options, server, bodies, connections, seconds):
    """Upserts per second, and the median latency in microseconds."""
    done = subprocess.run(
        [options.binaries / "thespis_load", "--port", str(server.port), "--method", "PUT",
         "--target", TARGET, "--bodies", bodies, "--connections", str(connections),
         f"0:{seconds}"], check=True, capture_output=True, text=True)
    for line in done.stdout.splitlines():
        row = json.loads(line)
        if row["broken"] or set(row["statuses"]) - {"200"}:
            raise OSError(f"not every upsert was answered with 200: {line}")
        if row["rate"] == 0:
            wanted = row
    return wanted["good_per_s"], 1000 * wanted["p50_ms"]


def processor_s(server):
    """Processor time that the server has taken so far."""
    fields = pathlib.Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def take_turns(options, server, bare, bodies):
    client = server.client()
    rounds = {count: [] for count in options.connections}
    for connections in options.connections:  # not measured: every point is there afterwards
        load(options, server, bodies, connections, 0.5)
    bare.round(0.5)
    for turn in range(options.rounds):
        order = sorted(rounds, reverse=turn % 2 == 1)
        for connections in order:
            wait_green(client, "bench", 600)
            puts = bare.round(options.seconds)
            before = processor_s(server)
            upserts, p50_us = load(options, server, bodies, connections, options.seconds)
            rounds[connections].append({
                "bare": puts, "upserts": upserts, "p50_us": p50_us,
                "processor_us": 1e6 * (processor_s(server) - before) / (upserts * options.seconds)})
    return rounds


def summary(connections, rounds):
    ratios = sorted(one["upserts"] / one["bare"] for one in rounds)

    def median(key):
        return round(statistics.median(one[key] for one in rounds))

    return {"connections": connections, "bare_puts_per_s": median("bare"),
            "upserts_per_s": median("upserts"), "p50_us": median("p50_us"),
            "processor_us": median("processor_us"),
            "ratio_median": round(statistics.median(ratios), 2),
            "ratio_least": round(ratios[0], 2), "ratio_most": round(ratios[-1], 2)}


def measure(options, dim, folder):
    folder.mkdir()
    bodies = folder / "bodies"
    payload_bytes = write_bodies(bodies, options.points, dim, options.seed)
    bare = BareLoop(options.binaries, folder / "bare", 4 * dim + payload_bytes)
    with Server(folder / "data").start() as server:
        vectors = {"size": dim, "distance": "Euclid", "index": options.index}
        assert server.client().put("/collections/bench", {"vectors": vectors}).result is True
        rounds = take_turns(options, server, bare, bodies)
    bare.close()
    return {"dim": dim, "row_bytes": 4 * dim + payload_bytes,
            "runs": [summary(count, rounds[count]) for count in options.connections]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("binaries", type=pathlib.Path, help="a folder such as build/release/bin")
    parser.add_argument("--dims", type=int, nargs="+", default=[128, 784])
    parser.add_argument("--connections", type=int, nargs="+", default=[1, 8, 32])
    parser.add_argument("--points", type=int, default=4000)
    parser.add_argument("--index", default="hnsw", help="an index plugin")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a round")
    parser.add_argument("--folder", help="on the disk to be measured; else the temporary one")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    os.environ["THESPIS_BINARY"] = str(options.binaries / "thespis")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        runs = [measure(options, dim, pathlib.Path(folder) / str(dim)) for dim in options.dims]
    print(json.dumps({"index": options.index, "points": options.points, "rounds": options.rounds,
                      "seconds": options.seconds, "seed": options.seed, "dims": runs}, indent=2))


if __name__ == "__main__":
    main()
