#!/usr/bin/env python3
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""How long a start takes until the first right answer, after kill -9 and after a stop in order.

Makes vectors, loads them, waits until the collection is green, then ends the server in
each way and starts it again. An answer is right if it names the points that an exact search named
before; some of these are themselves checked against distances computed here. Prints a JSON object.

    bench/restart.py build/release/bin/thespis --points 1000000 --dim 128
"""

import argparse
import json
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "tests" / "integration"))
from thespis_server import Server, wait_green  # noqa: E402

INTRINSIC_DIM = 12
QUERIES = 20
COLLECTION = "bench"


def make_rows(file, points, dim, seed):
    """Rows of bytes that repeat a few random ones with noise, in the layout of u8bin."""
    source = random.Random(seed)
    repeats = -(-dim // INTRINSIC_DIM)
    noise_mask = int.from_bytes(b"\x1f" * dim, "little")
    value_mask = int.from_bytes(b"\xe0" * dim, "little")
    with open(file, "wb") as out:
        out.write(struct.pack("<II", points, dim))
        for _ in range(points):
            values = (source.randbytes(INTRINSIC_DIM) * repeats)[:dim]
            mixed = (int.from_bytes(values, "little") & value_mask) | (
                source.getrandbits(8 * dim) & noise_mask)
            out.write(mixed.to_bytes(dim, "little"))


def row(file, number, dim):
    with open(file, "rb") as rows:
        rows.seek(8 + number * dim)
        return list(rows.read(dim))


def search(client, vector, **params):
    answer = client.post(f"/collections/{COLLECTION}/points/query",
                         {"query": vector, "limit": 10, "params": params})
    if answer.status != 200:
        raise OSError(answer.body)
    return [(hit["id"], hit["score"]) for hit in answer.json["result"]["points"]]


def check_truth(file, dim, query, hits):
    """Scores of an exact answer are the distances, and ascend."""
    for number, score in hits:
        distance = sum((a - b) ** 2 for a, b in zip(query, row(file, number, dim))) ** 0.5
        if abs(distance - score) > 1e-3 * max(distance, 1):
            raise SystemExit(f"point {number} is said to be {score} away, it is {distance}")
    if [score for _, score in hits] != sorted(score for _, score in hits):
        raise SystemExit("an exact answer is not sorted")


def first_answer(server, queries, truth):
    """Seconds from the start of the process to the first answer, and whether all are right."""
    begin = time.monotonic()
    server.spawn()
    while True:
        if server.process.poll() is not None:
            raise SystemExit(f"the server ended:\n{server.output()}")
        client = server.client()
        try:
            hits = search(client, queries[0], exact=True)
            taken = time.monotonic() - begin
            break
        except OSError:
            if time.monotonic() - begin > 600:
                raise SystemExit("no answer after 600 s") from None
            time.sleep(0.005)
        finally:
            client.close()
    client = server.client()
    exact = all([hit[0] for hit in search(client, query, exact=True)] == ids
                for query, ids in zip(queries, truth))
    found = sum(len({hit[0] for hit in search(client, query)} & set(ids))
                for query, ids in zip(queries, truth))
    info = client.get(f"/collections/{COLLECTION}").result
    client.close()
    return {"first_answer_s": round(taken, 3),
            "first_is_right": [hit[0] for hit in hits] == truth[0], "exact_is_right": exact,
            "recall_at_10": found / (10 * len(queries)),
            "tail_slots": sum(index["tail_slots"] for index in info["indexes"]),
            "memory_kb": memory(server.process.pid)}


def memory(pid):
    """Resident memory, that of files apart."""
    lines = pathlib.Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) for line in lines
            if line.startswith(("VmRSS", "RssAnon", "RssFile"))}


def run(options, folder):
    file = options.rows or folder / "rows.u8bin"
    if not options.rows:
        make_rows(file, options.points, options.dim, options.seed)
    report = {"points": options.points, "dim": options.dim, "seed": options.seed,
              "cores": os.cpu_count(), "load_before": os.getloadavg()[0]}
    with Server(folder / "data", options.serve.split() if options.serve else []).start() as server:
        begin = time.monotonic()
        subprocess.run([options.binary, "import", str(file), "-c", COLLECTION, "--create",
                        "--distance", "euclid", "--m", str(options.m), "--ef-construct",
                        str(options.ef_construct), "--limit", str(options.points), "--json",
                        "--url", f"http://127.0.0.1:{server.port}"],
                       check=True, stdout=subprocess.DEVNULL)
        report["load_s"] = round(time.monotonic() - begin, 1)
        client = server.client()
        wait_green(client, COLLECTION, options.wait_s)
        report["green_s"] = round(time.monotonic() - begin, 1)
        source = random.Random(options.seed + 1)
        queries = [[value + source.uniform(-4, 4) for value in row(file, number, options.dim)]
                   for number in source.sample(range(options.points), QUERIES)]
        answers = [search(client, query, exact=True) for query in queries]
        client.close()
        for query, hits in list(zip(queries, answers))[:3]:
            check_truth(file, options.dim, query, hits)
        truth = [[number for number, _ in hits] for hits in answers]
        for name, how in (("kill_at_green", signal.SIGKILL), ("kill_saved", signal.SIGKILL),
                          ("stop", signal.SIGTERM), ("kill_after_stop", signal.SIGKILL)):
            if name == "kill_saved":
                client = server.client()
                wait_green(client, COLLECTION, options.wait_s)
                client.close()
                report["saved"] = wait_saved(folder / "data")
            server.process.send_signal(how)
            server.process.wait()
            server.process = None
            report[name] = first_answer(server, queries, truth)
            time.sleep(1)
    return report


def wait_saved(data_dir, timeout_s=60):
    """Waits until an index file is there and grows no more."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        before = [(path, path.stat().st_mtime) for path in data_dir.rglob("*.index")]
        time.sleep(5)
        after = [(path, path.stat().st_mtime) for path in data_dir.rglob("*.index")]
        if before and before == after and not list(data_dir.rglob("*.index.tmp")):
            return True
    return False


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("binary", help="the executable")
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--dim", type=int, default=128)
    parser.add_argument("--m", type=int, default=16)
    parser.add_argument("--ef-construct", type=int, default=64)
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--rows", type=pathlib.Path, help="u8bin file instead of generated rows")
    parser.add_argument("--serve", default="", help="more arguments for the server")
    parser.add_argument("--wait-s", type=int, default=3600)
    parser.add_argument("--folder", type=pathlib.Path, help="where to work; a temporary one else")
    options = parser.parse_args()
    os.environ["THESPIS_BINARY"] = options.binary
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        print(json.dumps(run(options, pathlib.Path(folder)), indent=2))


if __name__ == "__main__":
    main()
