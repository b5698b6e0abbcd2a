# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A disk that stays full while more collections are written than the pool has threads.

Every writer of storage finds no room from some moment on and waits. Health and reads must be
answered all the same; killed and started on a healthy disk, the server has all it acknowledged.

Usage: THESPIS_BINARY=... waiting_writers.py --library FILE [--writers N] [--at N] [--seed S]
"""

import argparse
import pathlib
import random
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from thespis_server import Server

SIZE = 512
# More than WiredTiger's buffer of the log takes, so that the committing thread writes itself.
POINTS = 300
POOL_THREADS = 2
STEPS_MAX = 400
STALL_S = 6
PROBES = 20
PROBE_TIMEOUT_S = 3


class Writer(threading.Thread):
    """Writes batches into its collection until one is not answered in time."""

    def __init__(self, server, number, seed):
        super().__init__(daemon=True)
        self.server = server
        self.name = f"c{number}"
        self.source = random.Random(seed)
        self.acknowledged = 0
        self.waits = False

    def run(self):
        client = self.server.client(STALL_S)
        try:
            for step in range(STEPS_MAX):
                low = step * POINTS
                points = [{"id": low + i, "vector": [self.source.random()] * SIZE}
                          for i in range(POINTS)]
                answer = client.put(f"/collections/{self.name}/points?wait=true",
                                    {"points": points})
                if answer.status == 200:
                    self.acknowledged = low + POINTS
        except OSError:
            self.waits = True
        finally:
            client.close()


def count(client, name):
    return client.post(f"/collections/{name}/points/count", {"exact": True}).result["count"]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=pathlib.Path, required=True)
    parser.add_argument("--writers", type=int, default=8)
    parser.add_argument("--at", type=int, default=400, help="the first write that finds no room")
    parser.add_argument("--seed", type=int, default=random.randrange(2**32))
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="thespis-waiting-") as folder:
        data = pathlib.Path(folder).resolve() / "data"
        # Small files of the log, so that more often a committing thread makes or fills one.
        healthy = {"THESPIS__RUNTIME__POOL_THREADS": str(POOL_THREADS),
                   "THESPIS__STORAGE__LOG_FILE_BYTES": str(4 << 20)}
        faulty = {**healthy, "LD_PRELOAD": str(options.library.resolve()),
                  "THESPIS_FAULT_FOLDER": str(data), "THESPIS_FAULT_CALL": "pwrite",
                  "THESPIS_FAULT_ERROR": "ENOSPC", "THESPIS_FAULT_AT": str(options.at),
                  "THESPIS_FAULT_REPORT": f"{folder}/fault", "THESPIS_FAULT_LASTS": "1"}
        with Server(data, environment=faulty) as server:
            server.start()
            client = server.client()
            writers = [Writer(server, i, options.seed + i) for i in range(options.writers)]
            for writer in writers:
                client.put(f"/collections/{writer.name}",
                           {"vectors": {"size": SIZE, "distance": "Dot"}})
            for writer in writers:
                writer.start()
            for writer in writers:
                writer.join()
            waiting = sum(writer.waits for writer in writers)
            stood_in = sum("stand-in" in thread.read_text() for thread in
                           pathlib.Path(f"/proc/{server.process.pid}/task").glob("*/comm"))
            print(f"{waiting} of {len(writers)} writers wait, {stood_in} threads stand in")
            assert waiting == len(writers), "the disk was not full for all"
            slowest = 0.0
            for probe in range(PROBES):
                writer = writers[probe % len(writers)]
                prober = server.client(PROBE_TIMEOUT_S)
                began = time.monotonic()
                assert prober.get("/healthz").status == 200
                shown = count(prober, writer.name)
                slowest = max(slowest, time.monotonic() - began)
                assert shown >= writer.acknowledged, f"{writer.name} shows {shown}"
                prober.close()
            print(f"{PROBES} times health and a count, the slowest {slowest * 1000:.0f} ms")
            server.kill()
            server.environment = healthy
            server.start()
            client = server.client()
            for writer in writers:
                shown = count(client, writer.name)
                assert shown >= writer.acknowledged and shown % POINTS == 0, \
                    f"{writer.name}: {shown} of {writer.acknowledged} points after the start"
            client.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
