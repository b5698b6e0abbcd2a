# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments while several connections write; then nothing may be lost.

The ledger lives in another folder than the data. After each restart every acknowledged point must
be there with its exact vectors and payload, every acknowledged delete must hold, each request
whose answer was lost must have happened whole or not at all, count and scan must agree, and
another kill and restart must change nothing. Prints its seed; `--seed` runs the same plan again
(the moment at which a kill hits stays the machine's).

Usage: THESPIS_BINARY=... kill_during_writes.py [--kills N] [--seed S] [--connections C]
"""

import argparse
import http.client
import json
import pathlib
import random
import shutil
import struct
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from thespis_server import Server, ServerFailed

# Vectors by collection: one single, one named, so that a point is more than one vector.
COLLECTIONS = {
    "single": {"": (16, "Euclid")},
    "named": {"image": (12, "Cosine"), "text": (5, "Dot")},
}
IDS_PER_WORKER = 400
POINTS_PER_REQUEST_MAX = 40
WRITE_S_MAX = 0.6
KILL_WHILE_STARTING = 0.2
DELETED = None


class Broken(Exception):
    """A promise was broken."""


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def bits(vector):
    """The float32 bits of a vector: what has to be kept exactly."""
    return struct.pack(f"<{len(vector)}f", *vector)


def random_vector(source, dim):
    # Now and then numbers that only an exact text form brings back.
    scale = source.choice([1.0, 1.0, 1.0, 1e-3, 1e3, 1e-40])
    return [float32(source.gauss(0, scale) or 1.0) for _ in range(dim - 1)] + [float32(1.5)]


def random_payload(source):
    words = ["red", "grün", "蓝", "quote\"d", "back\\slash", "tab\t", "", "🎭", "line\nbreak"]
    payload = {"n": source.randrange(-2**53, 2**53), "word": source.choice(words)}
    if source.random() < 0.5:
        payload["list"] = [source.choice(words) for _ in range(source.randrange(6))]
    if source.random() < 0.5:
        payload["deep"] = {"flag": source.random() < 0.5, "none": None,
                           "price": source.randrange(100000) / 4}
    if source.random() < 0.1:
        payload["long"] = source.choice(words) * source.randrange(2000)
    return payload


def random_id(source, worker, number):
    kind = number % 3
    if kind == 0:
        return worker * 1_000_000 + number
    if kind == 1:
        return str(uuid.UUID(int=source.getrandbits(128)))
    return f"w{worker}/key {number}"


class Ledger:
    """What the server has promised for one collection: point id to (vectors, payload), or
    DELETED. Also a file of the requests, for whoever has to look into a failure."""

    def __init__(self, folder, collection):
        self.collection = collection
        self.points = {}
        self.unknown = []  # Changes of the requests whose answers were lost.
        self.lock = threading.Lock()
        self.file = open(folder / f"{collection}.jsonl", "a", encoding="utf-8")

    def acknowledge(self, changes):
        with self.lock:
            self.points.update(changes)
            self.write("acknowledged", changes)

    def lose(self, changes):
        with self.lock:
            self.unknown.append(changes)
            self.write("unknown", changes)

    def write(self, what, changes):
        readable = {str(key): value and [{name: vector.hex() for name, vector in value[0].items()},
                                         value[1]] for key, value in changes.items()}
        self.file.write(json.dumps({"at": time.time(), what: readable}) + "\n")
        self.file.flush()

    def alive(self):
        return {key: value for key, value in self.points.items() if value is not DELETED}


def random_point(source, schema):
    return ({name: random_vector(source, dim) for name, (dim, _) in schema.items()},
            random_payload(source))


def wire_vector(vectors):
    return vectors[""] if "" in vectors else vectors


def list_body(points):
    return {"points": [{"id": key, "vector": wire_vector(vectors), "payload": payload}
                       for key, (vectors, payload) in points.items()]}


def column_body(points, schema):
    columns = {name: [vectors[name] for vectors, _ in points.values()] for name in schema}
    return {"batch": {"ids": list(points), "vectors": columns[""] if "" in columns else columns,
                      "payloads": [payload for _, payload in points.values()]}}


class Worker(threading.Thread):
    """Writes over one connection to ids of its own until the server is gone."""

    def __init__(self, server, ledger, ids, source):
        super().__init__(daemon=True)
        self.client = server.client()
        self.ledger = ledger
        self.ids = ids
        self.source = source
        self.schema = COLLECTIONS[ledger.collection]
        self.acknowledged = 0
        self.failure = None

    def run(self):
        try:
            while self.write_once():
                self.acknowledged += 1
        except Exception as failure:
            self.failure = failure
        finally:
            self.client.close()

    def next_request(self):
        """Path, body and the changes that they ask for."""
        ids = self.source.sample(self.ids, self.source.randint(1, POINTS_PER_REQUEST_MAX))
        path = f"/collections/{self.ledger.collection}/points"
        choice = self.source.random()
        if choice < 0.25:
            return "POST", f"{path}/delete?wait=true", {"points": ids}, dict.fromkeys(ids, DELETED)
        points = {key: random_point(self.source, self.schema) for key in ids}
        if choice < 0.45:
            # The same vectors with another payload.
            for key in ids:
                known = self.ledger.points.get(key)
                if known is not None:
                    kept = {name: list(struct.unpack(f"<{len(vector) // 4}f", vector))
                            for name, vector in known[0].items()}
                    points[key] = (kept, points[key][1])
        as_columns = self.source.random() < 0.5
        body = column_body(points, self.schema) if as_columns else list_body(points)
        changes = {key: ({name: bits(vector) for name, vector in vectors.items()}, payload)
                   for key, (vectors, payload) in points.items()}
        return "PUT", f"{path}?wait=true", body, changes

    def write_once(self):
        method, path, body, changes = self.next_request()
        try:
            answer = self.client.request(method, path, body)
        except (OSError, http.client.HTTPException):
            self.ledger.lose(changes)
            return False
        if answer.status in (429, 503):
            # Refused before anything happened.
            time.sleep(0.01)
            return True
        if answer.status != 200 or answer.json["result"]["status"] != "completed":
            raise Broken(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        self.ledger.acknowledge(changes)
        return True


def scan(client, collection):
    """Every point, by scrolling: id to (vectors, payload)."""
    found = {}
    offset = None
    while True:
        body = {"limit": 500, "with_vector": True, "with_payload": True}
        if offset is not None:
            body["offset"] = offset
        page = client.post(f"/collections/{collection}/points/scroll", body).result
        for point in page["points"]:
            if point["id"] in found:
                raise Broken(f"{collection}: the scan shows {point['id']} twice")
            found[point["id"]] = stored(point)
        offset = page["next_page_offset"]
        if offset is None:
            return found


def stored(point):
    vector = point["vector"]
    named = vector if isinstance(vector, dict) else {"": vector}
    return {name: bits(values) for name, values in named.items()}, point["payload"]


def settle_unknown(ledger, found):
    """Each request without an answer happened whole or not at all; the ledger learns which."""
    for changes in ledger.unknown:
        # An id whose old and new state are the same says nothing either way.
        telling = {key: new for key, new in changes.items() if ledger.points.get(key) != new}
        done = [key for key, new in telling.items() if found.get(key) == new]
        if len(done) == len(telling):
            ledger.points.update(changes)
        elif done:
            raise Broken(f"{ledger.collection}: a request was half applied: {len(done)} of "
                         f"{len(telling)} changes, among them {done[0]!r}")
    ledger.unknown.clear()


def check_points(ledger, found):
    alive = ledger.alive()
    for key, value in alive.items():
        if key not in found:
            raise Broken(f"{ledger.collection}: acknowledged point {key!r} is lost")
        if found[key][0] != value[0]:
            raise Broken(f"{ledger.collection}: point {key!r} has other vectors than acknowledged")
        if found[key][1] != value[1]:
            raise Broken(f"{ledger.collection}: point {key!r} has the payload {found[key][1]!r}, "
                         f"acknowledged {value[1]!r}")
    surplus = set(found) - set(alive)
    if surplus:
        raise Broken(f"{ledger.collection}: {len(surplus)} points that nobody promised or that "
                     f"were deleted, such as {next(iter(surplus))!r}")


def check_other_reads(client, ledger, found, source):
    """Count, reads by id and exact search agree with the scan."""
    path = f"/collections/{ledger.collection}/points"
    count = client.post(f"{path}/count", {"exact": True}).result["count"]
    if count != len(found):
        raise Broken(f"{ledger.collection}: count says {count}, the scan found {len(found)}")
    some = source.sample(sorted(ledger.points, key=str), min(50, len(ledger.points)))
    kept = client.post(path, {"ids": some, "with_vector": True, "with_payload": True}).result
    kept = {point["id"]: stored(point) for point in kept}
    if kept != {key: found[key] for key in some if key in found}:
        raise Broken(f"{ledger.collection}: reads by id and the scan differ")
    name = next(iter(COLLECTIONS[ledger.collection]))
    for key in source.sample(sorted(found, key=str), min(5, len(found))):
        vector = struct.unpack(f"<{len(found[key][0][name]) // 4}f", found[key][0][name])
        body = {"query": list(vector), "limit": 10, "params": {"exact": True}}
        if name:
            body["using"] = name
        answer = client.post(f"{path}/query", body).result["points"]
        hits = [hit["id"] for hit in answer]
        if len(hits) != min(10, len(found)) or not set(hits) <= set(found):
            raise Broken(f"{ledger.collection}: a search answers {hits}, not points of the scan")
        # Of points that are all as near, which ten come first says nothing.
        crowded = answer[-1]["score"] < 1e-6
        if ledger.collection == "single" and key not in hits and not crowded:
            raise Broken(f"{ledger.collection}: point {key!r} is not near its own vector")


def check_round(server, ledgers, source):
    """After a restart: everything promised, then once more after another kill."""
    server.start()
    client = server.client()
    before = {}
    for ledger in ledgers:
        found = scan(client, ledger.collection)
        settle_unknown(ledger, found)
        check_points(ledger, found)
        check_other_reads(client, ledger, found, source)
        before[ledger.collection] = found
    client.close()
    server.kill()
    server.start()
    client = server.client()
    for ledger in ledgers:
        if scan(client, ledger.collection) != before[ledger.collection]:
            raise Broken(f"{ledger.collection}: a second restart changed it")
    client.close()


def write_and_kill(server, ledgers, ids, source):
    """Writes over every connection until a kill at a random moment; the acknowledged requests."""
    workers = [Worker(server, ledger, owned, random.Random(source.getrandbits(64)))
               for ledger, owned in ids]
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
    return sum(worker.acknowledged for worker in workers)


def run(options, folder):
    source = random.Random(options.seed)
    ledger_folder = folder / "ledger"
    ledger_folder.mkdir()
    ledgers = [Ledger(ledger_folder, collection) for collection in COLLECTIONS]
    ids = [(ledgers[worker % len(ledgers)],
            [random_id(source, worker, number) for number in range(IDS_PER_WORKER)])
           for worker in range(options.connections)]
    acknowledged = 0
    with Server(folder / "data") as server:
        server.start()
        client = server.client()
        for collection, schema in COLLECTIONS.items():
            vectors = {name: {"size": dim, "distance": distance}
                       for name, (dim, distance) in schema.items()}
            made = client.put(f"/collections/{collection}", {"vectors": vectors.get("", vectors)})
            if made.result is not True:
                raise Broken(f"collection {collection} was not made")
        client.close()
        for kill in range(1, options.kills + 1):
            try:
                acknowledged += write_and_kill(server, ledgers, ids, source)
                check_round(server, ledgers, source)
            except (Broken, AssertionError, ServerFailed, OSError) as failure:
                output = server.output()[-3000:]
                raise Broken(f"kill {kill}: {failure}\nthe server printed:\n{output}") from failure
        if server.stop() != 0:
            raise Broken(f"the last, orderly end failed:\n{server.output()[-3000:]}")
    alive = sum(len(ledger.alive()) for ledger in ledgers)
    print(f"{options.kills} kills, {acknowledged} acknowledged requests, {alive} points alive")
    if acknowledged < options.kills:
        raise Broken("too few requests were acknowledged for this to prove anything")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--connections", type=int, default=4)
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
