# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Threads that keep a server busy and write down in ledgers what it answers.

`PointWriter` upserts and deletes points, `CollectionLife` creates, fills, empties and drops
collections, `IndexChecker` asks for checks of indexes. Each ends when the server is gone, or when
`stop` is set.
"""

import http.client
import random
import threading
import time
import uuid

from ledger import DELETED, Broken, Value, bits, float32, floats
from point_operations import (ROUTES, Draft, delete, point_body, random_payload_write,
                              random_vector_write, upsert)

POINTS_PER_REQUEST_MAX = 40
# Refused before anything happened.
REFUSED = (429, 503, 507)
# Says an answer that leaves open what happened.
UNKNOWN = b"may or may not have taken effect"
WORDS = ["red", "grün", "蓝", "quote\"d", "back\\slash", "tab\t", "", "🎭", "line\nbreak"]


def random_vector(source, dim):
    """Now and then numbers that only an exact text form brings back."""
    scale = source.choice([1.0, 1.0, 1.0, 1e-3, 1e3, 1e-40])
    return [float32(source.gauss(0, scale) or 1.0) for _ in range(dim - 1)] + [float32(1.5)]


def random_payload(source, version):
    payload = {"version": version, "n": source.randrange(-2**53, 2**53),
               "word": source.choice(WORDS)}
    if source.random() < 0.5:
        payload["list"] = [source.choice(WORDS) for _ in range(source.randrange(6))]
    if source.random() < 0.5:
        payload["deep"] = {"flag": source.random() < 0.5, "none": None,
                           "price": source.randrange(100000) / 4}
    if source.random() < 0.05:
        payload["long"] = source.choice(WORDS) * source.randrange(2000)
    return payload


def random_id(source, worker, number):
    """Numbers, UUIDs and texts in turn; of no other worker."""
    kind = number % 3
    if kind == 0:
        return worker * 1_000_000 + number
    if kind == 1:
        return str(uuid.UUID(int=source.getrandbits(128)))
    return f"w{worker}/key {number}"


def random_value(source, book, schema, key):
    vectors = {name: bits(random_vector(source, dim)) for name, (dim, _) in schema.items()}
    return Value(key, vectors, random_payload(source, book.next_version()))


def list_body(values):
    return {"points": [point_body(key, value) for key, value in values.items()]}


def column_body(values, schema):
    columns = {name: [floats(value.vectors[name]) for value in values.values()] for name in schema}
    return {"batch": {"ids": list(values), "vectors": columns.get("", columns),
                      "payloads": [value.payload for value in values.values()]}}


class Worker(threading.Thread):
    """One connection and what is done over it, step by step. `failure` is what went wrong beside
    the server's end."""

    def __init__(self, server, source):
        super().__init__(daemon=True)
        self.client = server.client()
        self.source = source
        self.stop = threading.Event()
        self.failure = None

    def run(self):
        try:
            while not self.stop.is_set() and self.step():
                pass
        except Exception as failure:  # told by whoever joins this thread
            self.failure = failure
        finally:
            self.client.close()

    def step(self):
        """Does one thing; whether to go on."""
        raise NotImplementedError

    def ask(self, method, path, body=None):
        """The answer, or None if there was none or it leaves open what happened."""
        try:
            answer = self.client.request(method, path, body)
        except (OSError, http.client.HTTPException):
            return None
        if answer.status == 504 or (answer.status == 503 and UNKNOWN in answer.body):
            return None
        return answer

    def refused(self, answer):
        """Whether a request was turned away for now."""
        if answer.status not in REFUSED:
            return False
        time.sleep(0.01)
        return True

    def write_points(self, ledger, ids):
        """One request that upserts or deletes some of `ids`; whether to go on."""
        method, path, body, changes = next_write(ledger, ids, self.source)
        answer = self.ask(method, path, body)
        if answer is None:
            ledger.lose(changes)
            return False
        if self.refused(answer):
            return True
        done = answer.json["result"] if answer.status == 200 else {"status": answer.status}
        told = done if isinstance(done, list) else [done]
        if {one["status"] for one in told} != {"completed"}:
            raise Broken(f"{method} {path}: {answer.status} {answer.body[:500]!r}")
        ledger.acknowledge(changes)
        return True


def next_write(ledger, ids, source):
    """Method, path, body and the changes that a random write of some of `ids` asks for."""
    some = source.sample(ids, source.randint(1, min(len(ids), POINTS_PER_REQUEST_MAX)))
    path = f"/collections/{ledger.collection}/points"
    draft = Draft(ledger)
    choice = source.random()
    if choice < 0.15:
        operations = [random_operation(source, draft, source.sample(some, (len(some) + 1) // 2))
                      for _ in range(source.randint(2, 6))]
        body = {"operations": [{name: body} for name, body in operations]}
        return "POST", f"{path}/batch?wait=true", body, draft.changes
    if choice < 0.25:
        values = {key: random_value(source, ledger.book, ledger.schema, key) for key in some}
        return "PUT", f"{path}?wait=true", column_body(values, ledger.schema), values
    name, body = random_operation(source, draft, some)
    method, end = ROUTES[name]
    return method, f"{path}{end}?wait=true", body, draft.changes


def random_operation(source, draft, ids):
    """Name and body of a write of some points."""
    book, schema = draft.ledger.book, draft.ledger.schema
    choice = source.random()
    alive = draft.alive(ids)
    if choice < 0.25:
        return delete(draft, ids)
    if choice < 0.5 and alive:
        return random_payload_write(
            source, draft, alive,
            lambda: {key: value for key, value in
                     random_payload(source, book.next_version()).items() if value is not None})
    if choice < 0.7 and alive:
        return random_vector_write(source, draft, alive,
                                   lambda name: bits(random_vector(source, schema[name][0])))
    values = {key: random_value(source, book, schema, key) for key in ids}
    for key in ids:
        if source.random() < 0.1:
            # Without one of its vectors.
            vectors = dict(values[key].vectors)
            del vectors[source.choice(sorted(vectors))]
            values[key] = Value(key, vectors, values[key].payload)
        elif choice > 0.9 and key in alive:
            # The same vectors with another payload.
            values[key] = Value(key, draft.now(key).vectors, values[key].payload)
    return upsert(draft, values)


class PointWriter(Worker):
    """Writes to ids of its own in one collection."""

    def __init__(self, server, source, ledger, ids):
        super().__init__(server, source)
        self.ledger = ledger
        self.ids = ids

    def step(self):
        return self.write_points(self.ledger, self.ids)


class CollectionLife(Worker):
    """Creates collections, writes to them and drops them, over and over; they are its own."""

    # A collection that is there is dropped or emptied with these probabilities before each write.
    DROP = 0.25
    TRUNCATE = 0.1

    def __init__(self, server, source, ledgers, ids):
        super().__init__(server, source)
        self.ledgers = ledgers
        self.ids = ids

    def step(self):
        ledger = self.source.choice(self.ledgers)
        path = f"/collections/{ledger.collection}"
        if not ledger.exists:
            return self.live("create", ledger, self.ask("PUT", path, ledger.creation()))
        if self.source.random() < self.DROP:
            return self.live("drop", ledger, self.ask("DELETE", path))
        if self.source.random() < self.TRUNCATE:
            return self.truncate(ledger)
        return self.write_points(ledger, self.ids)

    def truncate(self, ledger):
        changes = dict.fromkeys(ledger.alive(), DELETED)
        answer = self.ask("POST", f"/collections/{ledger.collection}/truncate")
        if answer is None:
            ledger.lose(changes)
            return False
        if self.refused(answer):
            return True
        if answer.result is not True:
            raise Broken(f"truncate of '{ledger.collection}': {answer.body[:500]!r}")
        ledger.acknowledge(changes)
        return True

    def live(self, what, ledger, answer):
        if answer is None:
            ledger.lose_life(what)
            return False
        if self.refused(answer):
            return True
        if answer.result is not True:
            raise Broken(f"{what} of '{ledger.collection}': {answer.body[:500]!r}")
        if what == "create":
            ledger.created()
        else:
            ledger.dropped()
        return True


class IndexChecker(Worker):
    """Has the indexes of a collection put in order again and again."""

    def __init__(self, server, source, ledger):
        super().__init__(server, source)
        self.ledger = ledger

    def step(self):
        self.stop.wait(self.source.uniform(0, 0.05))
        path = f"/collections/{self.ledger.collection}/index/check"
        answer = self.ask("POST", path, {})
        if answer is None:
            return False
        if not self.refused(answer) and answer.status != 200:
            raise Broken(f"POST {path}: {answer.status} {answer.body[:500]!r}")
        return True
