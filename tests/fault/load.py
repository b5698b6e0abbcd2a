# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Load: many idle connections, overload, recovery. Prints a table, fails where a bound is broken.

Each workload runs against a server with its own data. First its peak is found: as many requests as
come back over 1,000 connections that each send as soon as they have their answer, and what open
load at most of that gives. Then requests become due at fixed rates: 0.7 (what a sound operator
would run at), 5, and 0.7 times the peak, 10,000 idle connections beside them, while a thread asks
for health. Bounds: goodput under five times the peak at least 80 % of the peak; p99 of accepted
requests, from the moment at which they were due, within five times that at the sustainable rate;
health within 100 ms; every request answered within 10 s after the overload, at the old rate.

Client and server share the machine. With `--server-cores` and `--client-cores` each gets cores of
its own (taskset), so that what the client takes is not taken from the server.

Usage: THESPIS_BINARY=... THESPIS_LOAD=.../thespis_load load.py [--workload NAME ...] [--seconds S]
       [--server-cores 0 --client-cores 1] [--seed N]
"""

import argparse
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from thespis_server import Client, Server, wait_green

GOODPUT_MIN = 0.8
P99_RATIO_MAX = 5.0
HEALTH_MS_MAX = 100.0
RECOVERY_S_MAX = 10
SUSTAINABLE = 0.7
OVERLOAD = 5.0


class Workload:
    """A collection and the requests that are sent to it."""

    def __init__(self, name, target, points, dimensions, body, method="POST", index="hnsw",
                 bodies=200):
        self.name = name
        self.target = target
        self.method = method
        self.points = points
        self.dimensions = dimensions
        self.index = index
        self.body = body
        self.bodies = bodies

    def fill(self, client, source):
        client.put("/collections/load", {"vectors": {
            "size": self.dimensions, "distance": "Euclid", "index": self.index}}).result
        for begin in range(0, self.points, 500):
            rows = [{"id": i, "vector": vector(source, self.dimensions)}
                    for i in range(begin, min(begin + 500, self.points))]
            client.put("/collections/load/points?wait=true", {"points": rows}).result
        wait_green(client, "load", 600)

    def write_bodies(self, path, source):
        with open(path, "w", encoding="ascii") as out:
            for _ in range(self.bodies):
                out.write(json.dumps(self.body(source, self.dimensions)) + "\n")


def vector(source, dimensions):
    return [round(source.uniform(-1, 1), 4) for _ in range(dimensions)]


def batch_body(source, dimensions):
    one = {"limit": 10, "params": {"hnsw_ef": 128}}
    return {"searches": [{"query": vector(source, dimensions), **one} for _ in range(20)]}


def exact_body(source, dimensions):
    return {"query": vector(source, dimensions), "limit": 10, "params": {"exact": True}}


def upsert_body(source, dimensions):
    return {"points": [{"id": source.randrange(100_000), "vector": vector(source, dimensions)}
                       for _ in range(20)]}


WORKLOADS = [
    Workload("search", "/collections/load/points/query/batch", 20_000, 128, batch_body),
    Workload("scan", "/collections/load/points/query", 20_000, 256, exact_body, index="flat"),
    Workload("write", "/collections/load/points", 500, 64, upsert_body, method="PUT"),
]


def pinned(cores):
    return ["taskset", "-c", cores] if cores else []


def resident_kib(pid):
    status = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1])


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


class Campaign:
    """One server and the phases that are run against it."""

    def __init__(self, arguments, workload, server, bodies):
        self.arguments = arguments
        self.workload = workload
        self.server = server
        self.bodies = bodies

    def run(self, phases, connections, idle=0):
        """The rows of a run of the generator, one per phase and one for what came after."""
        command = [*pinned(self.arguments.client_cores), os.environ["THESPIS_LOAD"],
                   "--port", str(self.server.port), "--target", self.workload.target,
                   "--method", self.workload.method, "--bodies", self.bodies,
                   "--connections", str(connections), "--idle", str(idle)]
        if idle:
            command.append("--idle-asks")
        out = subprocess.run([*command, *(f"{rate:.1f}:{seconds}" for rate, seconds in phases)],
                             stdout=subprocess.PIPE, check=True, text=True)
        return [json.loads(line) for line in out.stdout.splitlines()]

    def peak(self):
        """Answers per second that many eager connections get, at the best of a few numbers."""
        best = 0
        for connections in (4, 16, 64):
            row = self.run([(0, self.arguments.seconds / 2)], connections)[0]
            best = max(best, row["good_per_s"])
        return best


def show(name, rate, row):
    statuses = " ".join(f"{k}:{v}" for k, v in sorted(row["statuses"].items()))
    print(f"  {name:<12} {rate:>9.0f}/s due {row['good_per_s']:>9.0f}/s good"
          f"  p50 {row['p50_ms']:>7.1f}"
          f"  p99 {row['p99_ms']:>7.1f}  health p99 {row['health_p99_ms']:>6.1f}"
          f" max {row['health_max_ms']:>6.1f} ms  unsent {row['unsent']} broken {row['broken']}"
          f"  {statuses}", flush=True)


def check(failures, holds, text):
    print(f"  {'holds ' if holds else 'BROKEN'} {text}", flush=True)
    if not holds:
        failures.append(text)


def overload(campaign, failures):
    arguments, name = campaign.arguments, campaign.workload.name
    peak = campaign.peak()
    steady = SUSTAINABLE * peak
    print(f"{name}: peak {peak:.0f}/s", flush=True)
    seconds = arguments.seconds
    phases = [(steady, seconds), (OVERLOAD * peak, seconds), (steady, 2)]
    phases += [(steady, 1)] * RECOVERY_S_MAX
    rows = campaign.run(phases, arguments.active, arguments.idle)
    before, over, after = rows[0], rows[1], rows[2:2 + 1 + RECOVERY_S_MAX]
    show("sustainable", steady, before)
    show("overload", OVERLOAD * peak, over)
    show("afterwards", steady, after[-1])
    goodput = over["good_per_s"] / peak
    check(failures, goodput >= GOODPUT_MIN, f"{name}: goodput {goodput:.0%} of the peak")
    ratio = over["p99_ms"] / max(before["p99_ms"], 0.001)
    check(failures, ratio <= P99_RATIO_MAX, f"{name}: p99 of accepted requests {ratio:.1f} times")
    check(failures, over["health_max_ms"] <= HEALTH_MS_MAX,
          f"{name}: health within {over['health_max_ms']:.1f} ms")
    seconds_to_recover = 2 + next(
        (i for i, row in enumerate(after[1:], 1)
         if set(row["statuses"]) <= {"200"} and row["good_per_s"] >= 0.95 * steady),
        RECOVERY_S_MAX)
    check(failures, seconds_to_recover < RECOVERY_S_MAX,
          f"{name}: recovered after {seconds_to_recover} s at most")
    if arguments.idle:
        answered = rows[-1]["idle_answered"]
        check(failures, answered == arguments.idle,
              f"{name}: {answered} of {arguments.idle} idle connections answered afterwards")


def crowd(campaign, failures):
    """Idle connections: what each takes, and that active ones among them are all answered."""
    arguments = campaign.arguments
    pid = campaign.server.process.pid
    client = Client(campaign.server.port)
    client.get("/healthz")
    before_kib, before_files = resident_kib(pid), descriptors(pid)
    rate = min(2000.0, 0.3 * campaign.peak())
    command = [os.environ["THESPIS_LOAD"], "--port", str(campaign.server.port), "--target",
               campaign.workload.target, "--bodies", campaign.bodies, "--connections",
               str(arguments.active), "--idle", str(arguments.idle), "--idle-asks",
               f"{rate:.1f}:{arguments.seconds}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        row = json.loads(running.stdout.readline())
        held_kib = resident_kib(pid)
        last = json.loads(running.stdout.readline())
    show("crowd", rate, row)
    check(failures, set(row["statuses"]) | set(last["statuses"]) <= {"200"} and
          row["broken"] + last["broken"] + row["unsent"] == 0,
          f"crowd: {arguments.active} active among {arguments.idle} idle, all answered")
    check(failures, last["idle_answered"] == arguments.idle,
          f"crowd: {last['idle_answered']} of {arguments.idle} idle ones answered afterwards")
    each = (held_kib - before_kib) / max(1, arguments.idle + arguments.active)
    check(failures, each < 16, f"crowd: {each:.1f} KiB of memory a connection")
    for _ in range(100):
        if descriptors(pid) <= before_files:
            break
        client.get("/healthz")
    check(failures, descriptors(pid) <= before_files,
          f"crowd: {descriptors(pid)} descriptors afterwards, {before_files} before")
    client.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--workload", action="append", choices=[one.name for one in WORKLOADS])
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--active", type=int, default=1000)
    parser.add_argument("--idle", type=int, default=10_000)
    parser.add_argument("--server-cores", default="")
    parser.add_argument("--client-cores", default="")
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2 ** 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    failures = []
    for workload in WORKLOADS:
        if arguments.workload and workload.name not in arguments.workload:
            continue
        source = random.Random(arguments.seed)
        with tempfile.TemporaryDirectory() as folder:
            with Server(f"{folder}/data", prefix=pinned(arguments.server_cores)) as server:
                server.start()
                client = Client(server.port)
                workload.fill(client, source)
                client.close()
                bodies = f"{folder}/bodies"
                workload.write_bodies(bodies, source)
                campaign = Campaign(arguments, workload, server, bodies)
                if workload is WORKLOADS[0]:
                    crowd(campaign, failures)
                overload(campaign, failures)
                server.stop()
    for failure in failures:
        print(f"failed: {failure}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
