# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""One client of the stress: what it asks of which collection, and how it checks the answers."""

import collections
import http.client
import math
import random
import struct
import threading
import time

DIM = 12
IDS = 1500  # Per collection.
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
        self.generation = 0  # Of the server when the connection was made.
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
        try:
            if self.connection is None:
                self.generation = self.target.generation
                self.connection = self.target.server.client()
            answer = self.connection.request(method, path, body)
        except (OSError, http.client.HTTPException) as failure:
            self.disconnect()
            if self.generation == self.target.generation and self.generation % 2 == 0:
                raise Broken(f"{method} {path}: {failure!r}, and the server was up") from failure
            self.target.count("lost")
            time.sleep(0.02)
            return None
        if answer.headers.get("connection", "").lower() == "close":
            self.disconnect()
        self.target.last_answer = time.monotonic()
        self.target.count(f"{answer.status}")
        if answer.status == 200:
            return answer
        if answer.status == 503 or answer.status in statuses:
            return None
        raise Broken(f"{method} {path} {str(body)[:300]}: {answer.status} {answer.body[:700]!r}")

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
