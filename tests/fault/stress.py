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
import collections
import http.client
import math
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "integration"))

from thespis_server import Server, ServerFailed

DIM = 12
IDS = 1500  # Per collection.
SILENCE_S = 120  # Nothing answered for so long is a hang.
EXIT_S = 150
UPTIME_S = (1, 8)
SANITIZERS = {
    "ASAN_OPTIONS": "detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0",
    "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
    "TSAN_OPTIONS": "halt_on_error=1:second_deadlock_stack=1:suppressions="
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
    "THESPIS__SERVER__SHUTDOWN_TIMEOUT_MS": "60000",
    "THESPIS__RUNTIME__POOL_THREADS": "4",
    "THESPIS__RUNTIME__BUILDER_THREADS": "3",
}
REPORTS = ("AddressSanitizer", "LeakSanitizer", "ThreadSanitizer", "runtime error:",
           "collection failed", "quarantined")
# A graph even over few points, so that searches, inserts and repairs meet in it.
GRAPH = {"full_scan_threshold": 0, "m": 8, "ef_construct": 32}
SCALAR = {"scalar": {"type": "int8"}}
BINARY = {"binary": {"encoding": "two_bits"}}


def vector_config(distance, index="hnsw", **more):
    return {"size": DIM, "distance": distance, "index": index, **more}


# Collections that stay: name to body and, by vector name, distance.
LASTING = {
    "flat": {"vectors": vector_config("Euclid", "flat")},
    "graph": {"vectors": vector_config("Cosine"), "hnsw_config": GRAPH},
    "scalar": {"vectors": vector_config("Dot", on_disk=True), "hnsw_config": GRAPH,
               "quantization_config": SCALAR},
    "fast": {"vectors": vector_config("Euclid"), "hnsw_config": {**GRAPH, "preset": "fast"}},
    "named": {"vectors": {"image": vector_config("Euclid", hnsw_config=GRAPH,
                                                 quantization_config=BINARY),
                          "text": vector_config("Cosine", "flat")}},
}
# Collections that come and go.
PASSING = {f"passing {number}": LASTING[kind] for number, kind in enumerate(LASTING)}
ALL = {**LASTING, **PASSING}
FIRST_ID = {name: 100_000 * (number + 1) for number, name in enumerate(ALL)}


class Broken(Exception):
    """Something that must not happen."""


def metrics_of(collection):
    vectors = ALL[collection]["vectors"]
    return {"": vectors["distance"]} if "size" in vectors else {
        name: spec["distance"] for name, spec in vectors.items()}


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def vector_of(seed, name):
    source = random.Random(f"{seed} {name}")
    return [float32(source.gauss(0, 1)) for _ in range(DIM)]


def score(metric, a, b):
    product = math.sumprod(a, b) if hasattr(math, "sumprod") else sum(x * y for x, y in zip(a, b))
    if metric == "Dot":
        return product
    if metric == "Cosine":
        return product / math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return math.sqrt(sum((x - y) ** 2 for x, y in zip(a, b)))


class Target:
    """The server that is replaced under the clients."""

    def __init__(self, server):
        self.server = server
        self.over = threading.Event()
        self.generation = 0  # Odd while the server is being replaced.
        self.counts = collections.Counter()
        self.lock = threading.Lock()
        self.last_answer = time.monotonic()

    def count(self, what):
        with self.lock:
            self.counts[what] += 1


class Client(threading.Thread):
    """One connection at a time, one request after another."""

    def __init__(self, number, target, source):
        super().__init__(daemon=True)
        self.number = number
        self.target = target
        self.source = source
        self.connection = None
        self.failure = None
        self.steps = [(8, self.upsert), (3, self.change_payload), (4, self.delete),
                      (6, self.search), (3, self.search_exactly), (2, self.search_batch),
                      (2, self.search_by_id), (3, self.retrieve), (2, self.scroll),
                      (1, self.count), (1, self.info), (0.2, self.check_indexes),
                      (0.5, self.metrics), (0.5, self.health), (0.6, self.create),
                      (0.5, self.drop), (0.2, self.list_collections), (0.2, self.nonsense)]

    def run(self):
        weights = [weight for weight, _ in self.steps]
        calls = [call for _, call in self.steps]
        try:
            while not self.target.over.is_set():
                self.source.choices(calls, weights)[0]()
        except Exception as failure:
            self.failure = failure
            self.target.over.set()
        finally:
            self.disconnect()

    def disconnect(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None

    def ask(self, method, path, body=None, statuses=()):
        """The answer, or None if it is a refusal that may come or the server was replaced."""
        generation = self.target.generation
        try:
            if self.connection is None:
                self.connection = self.target.server.client()
            answer = self.connection.request(method, path, body)
        except (OSError, http.client.HTTPException) as failure:
            self.disconnect()
            # A kept connection of the server before is closed when it is used again.
            if generation == self.target.generation and generation % 2 == 0 and self.fresh:
                raise Broken(f"{method} {path}: {failure!r} although the server was up") from failure
            self.fresh = True
            self.target.count("lost")
            time.sleep(0.02)
            return None
        self.fresh = self.connection is not None
        if answer.headers.get("connection", "").lower() == "close":
            self.disconnect()
        self.target.last_answer = time.monotonic()
        self.target.count(f"{answer.status}")
        if answer.status == 200:
            return answer
        if answer.status == 503 or answer.status in statuses:
            return None
        raise Broken(f"{method} {path} {str(body)[:300]}: {answer.status} {answer.body[:700]!r}")

    fresh = False

    def collection(self):
        """A collection and what it may answer beside a success."""
        if self.source.random() < 0.25:
            return self.source.choice(list(PASSING)), (404,)
        return self.source.choice(list(LASTING)), ()

    @staticmethod
    def path(collection, rest=""):
        return f"/collections/{collection.replace(' ', '%20')}{rest}"

    def some_ids(self, collection, most):
        first = FIRST_ID[collection]
        return [first + number for number in
                self.source.sample(range(IDS), self.source.randint(1, most))]

    def point(self, collection, key, seed):
        vectors = {name: vector_of(seed, name) for name in metrics_of(collection)}
        if len(vectors) > 1 and seed % 7 == 0:
            del vectors["text"]
        return {"id": key, "vector": vectors.get("", vectors),
                "payload": {"in": collection, "seed": seed, "n": self.source.randrange(1000)}}

    # What is answered.

    def check_point(self, collection, point):
        payload = point["payload"]
        first = FIRST_ID[collection]
        if not first <= point["id"] < first + IDS or payload["in"] != collection:
            raise Broken(f"{collection}: point {point} is of another collection")
        given = point["vector"]
        given = given if isinstance(given, dict) else {"": given}
        for name, values in given.items():
            if [float32(value) for value in values] != vector_of(payload["seed"], name):
                raise Broken(f"{collection}: the vector '{name}' of {point} is not the one that "
                             f"was written with its payload")
        return given

    def check_hits(self, collection, name, query, hits, full):
        metric = metrics_of(collection)[name]
        scores = [hit["score"] for hit in hits]
        if scores != sorted(scores, reverse=metric != "Euclid"):
            raise Broken(f"{collection}: scores out of order: {scores}")
        ids = [hit["id"] for hit in hits]
        first = FIRST_ID[collection]
        if len(set(ids)) != len(ids) or any(not first <= key < first + IDS for key in ids):
            raise Broken(f"{collection}: hits {ids}")
        for hit in hits if full else ():
            values = self.check_point(collection, hit)[name]
            expected = score(metric, query, values)
            if abs(expected - hit["score"]) > 1e-3 * max(1.0, abs(expected)):
                raise Broken(f"{collection}: hit {hit} should have the score {expected}")

    # Writes.

    def put(self, collection, statuses, points):
        if self.source.random() < 0.4 and len(metrics_of(collection)) == 1:
            body = {"batch": {"ids": [point["id"] for point in points],
                              "vectors": [point["vector"] for point in points],
                              "payloads": [point["payload"] for point in points]}}
        else:
            body = {"points": points}
        if self.ask("PUT", self.path(collection, "/points?wait=true"), body, statuses) is not None:
            self.target.count("upserts")

    def upsert(self):
        collection, statuses = self.collection()
        most = 100 if self.source.random() < 0.2 else 6
        self.put(collection, statuses,
                 [self.point(collection, key, self.source.randrange(1 << 30))
                  for key in self.some_ids(collection, most)])

    def change_payload(self):
        collection, statuses = self.collection()
        body = {"ids": self.some_ids(collection, 5), "with_payload": True}
        answer = self.ask("POST", self.path(collection, "/points"), body, statuses)
        if answer is None or not answer.result:
            return
        self.put(collection, statuses, [self.point(collection, one["id"], one["payload"]["seed"])
                                        for one in answer.result])

    def delete(self):
        collection, statuses = self.collection()
        body = {"points": self.some_ids(collection, 12)}
        if self.ask("POST", self.path(collection, "/points/delete?wait=true"), body,
                    statuses) is not None:
            self.target.count("deletes")

    # Searches and reads.

    def query(self, collection, **params):
        name = self.source.choice(list(metrics_of(collection)))
        vector = vector_of(self.source.randrange(1 << 30), name)
        full = self.source.random() < 0.5
        body = {"query": vector, "limit": self.source.choice([1, 3, 10, 60]), "with_payload": full,
                "with_vector": full, "params": params}
        if name:
            body["using"] = name
        return name, vector, full, body

    def search(self, **params):
        collection, statuses = self.collection()
        name, vector, full, body = self.query(collection, **params)
        answer = self.ask("POST", self.path(collection, "/points/query"), body, statuses)
        if answer is not None:
            self.check_hits(collection, name, vector, answer.result["points"], full)
            self.target.count("searches")

    def search_exactly(self):
        self.search(exact=True)

    def search_batch(self):
        collection, statuses = self.collection()
        queries = [self.query(collection, exact=number == 1) for number in range(3)]
        answer = self.ask("POST", self.path(collection, "/points/query/batch"),
                          {"searches": [body for _, _, _, body in queries]}, statuses)
        if answer is None:
            return
        for (name, vector, full, _), reply in zip(queries, answer.result):
            self.check_hits(collection, name, vector, reply["points"], full)
        self.target.count("batches")

    def search_by_id(self):
        collection, _ = self.collection()
        name, _, _, body = self.query(collection)
        key = self.some_ids(collection, 1)[0]
        answer = self.ask("POST", self.path(collection, "/points/query"), {**body, "query": key},
                          (404,))
        if answer is None:
            return
        hits = answer.result["points"]
        self.check_hits(collection, name, None, hits, False)
        if any(hit["id"] == key for hit in hits):
            raise Broken(f"{collection}: a search by point {key} answers the point itself")
        self.target.count("searches")

    def retrieve(self):
        collection, statuses = self.collection()
        ids = self.some_ids(collection, 20)
        body = {"ids": ids, "with_payload": True, "with_vector": True}
        answer = self.ask("POST", self.path(collection, "/points"), body, statuses)
        if answer is None:
            return
        for point in answer.result:
            self.check_point(collection, point)
        if not {point["id"] for point in answer.result} <= set(ids):
            raise Broken(f"{collection}: asked for {ids}, got {answer.result}")
        self.target.count("reads")

    def scroll(self):
        collection, statuses = self.collection()
        body = {"limit": 50, "with_payload": True, "with_vector": True,
                "offset": self.some_ids(collection, 1)[0]}
        answer = self.ask("POST", self.path(collection, "/points/scroll"), body, statuses)
        if answer is None:
            return
        points = answer.result["points"]
        for point in points:
            self.check_point(collection, point)
        ids = [body["offset"] - 1, *(point["id"] for point in points)]
        if ids != sorted(set(ids)):
            raise Broken(f"{collection}: a page out of order: {ids}")
        self.target.count("reads")

    def count(self):
        collection, statuses = self.collection()
        answer = self.ask("POST", self.path(collection, "/points/count"), {"exact": True}, statuses)
        if answer is not None and not 0 <= answer.result["count"] <= IDS:
            raise Broken(f"{collection}: {answer.result['count']} points of {IDS} ids")

    # The rest.

    def info(self):
        collection, statuses = self.collection()
        answer = self.ask("GET", self.path(collection), None, statuses)
        if answer is not None and answer.result["status"] not in ("green", "yellow"):
            raise Broken(f"{collection}: {answer.result}")

    def check_indexes(self):
        collection, statuses = self.collection()
        if self.ask("POST", self.path(collection, "/index/check"), {}, statuses) is not None:
            self.target.count("index checks")

    def metrics(self):
        answer = self.ask("GET", "/metrics")
        if answer is not None and b"thespis_journal_lsn" not in answer.body:
            raise Broken(f"metrics without the journal: {answer.body[:300]!r}")

    def health(self):
        self.ask("GET", self.source.choice(["/healthz", "/readyz", "/version"]))

    def list_collections(self):
        answer = self.ask("GET", "/collections")
        if answer is None:
            return
        names = [one["name"] for one in answer.result["collections"]]
        if len(set(names)) != len(names) or not set(names) <= set(ALL):
            raise Broken(f"collections {names}")

    def create(self):
        collection = self.source.choice(list(PASSING))
        if self.ask("PUT", self.path(collection), PASSING[collection], (409,)) is not None:
            self.target.count("creates")

    def drop(self):
        answer = self.ask("DELETE", self.path(self.source.choice(list(PASSING))))
        if answer is not None and answer.result:
            self.target.count("drops")

    def nonsense(self):
        """What is refused, at the edge and within."""
        collection, statuses = self.collection()
        path, body = self.source.choice([
            ("/points/query", {"query": [1.0], "limit": 1}), ("/points/query", "{"),
            ("/points/scroll", {"limit": -1})])
        if self.ask("POST", self.path(collection, path), body, (400, *statuses)) is not None:
            raise Broken(f"{collection}: {path} takes {body}")


def stacks(process):
    """The stacks of all threads, where a debugger can tell."""
    if shutil.which("gdb") is None:
        return "no gdb for the stacks of its threads"
    told = subprocess.run(["gdb", "-p", str(process.pid), "-batch", "-ex", "thread apply all bt 25"],
                          capture_output=True, text=True, timeout=300, check=False)
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
