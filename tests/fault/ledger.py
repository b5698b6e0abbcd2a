# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What a server has promised: the client's own account of every request, kept outside the server.

A `Ledger` is the account of one collection, a `Book` that of all collections of a server. Workers
write into them what was asked and what was answered; `oracle.py` compares them with what a server
shows. An operation that was answered is a promise; one whose answer was lost is *unknown* and must
have happened whole or not at all.

Every value carries a version, unique within a book and growing, which is also the payload's
`version`, and a checksum over id, vectors and payload.
"""

import hashlib
import itertools
import json
import pathlib
import struct
import threading

DELETED = None


class Broken(Exception):
    """A promise was broken. `folders` has what was kept for whoever looks into it."""

    folders = ()


class Lost(Broken):
    """Something acknowledged is not there, or not at its last version."""


def float32(value):
    """The nearest float32."""
    return struct.unpack("<f", struct.pack("<f", value))[0]


def bits(vector):
    """The float32 bits of a vector: what has to be kept exactly."""
    return struct.pack(f"<{len(vector)}f", *vector)


def floats(packed):
    """The numbers of a vector's bits."""
    return struct.unpack(f"<{len(packed) // 4}f", packed)


class Value:
    """One version of a point: vector bits by name, payload, and a checksum over both and the id."""

    __slots__ = ("vectors", "payload", "checksum")

    def __init__(self, key, vectors, payload):
        self.vectors = vectors
        self.payload = payload
        told = hashlib.blake2b(digest_size=16)
        told.update(json.dumps(key).encode())
        for name in sorted(vectors):
            told.update(b"\0" + name.encode() + b"\0" + vectors[name])
        told.update(json.dumps(payload, sort_keys=True).encode())
        self.checksum = told.digest()

    @property
    def version(self):
        """The version that the payload names; None if it names none."""
        return self.payload.get("version") if isinstance(self.payload, dict) else None

    def __eq__(self, other):
        return isinstance(other, Value) and self.checksum == other.checksum

    def readable(self):
        """For people who look into a failure."""
        return {"version": self.version, "checksum": self.checksum.hex(), "payload": self.payload,
                "vectors": {name: vector.hex() for name, vector in self.vectors.items()}}


class Ledger:
    """The account of one collection. `points` maps an id to its promised `Value` or DELETED.

    `exists` is whether the collection must be there. `unknown` are the changes of requests whose
    answers were lost, `unknown_life` is "create" or "drop" if such a request was one of these.
    Thread: any; an id, and a collection's life, is written by one worker at a time.
    """

    def __init__(self, book, collection, schema, options=None):
        self.book = book
        self.collection = collection
        self.schema = schema
        self.options = dict(options or {})
        self.exists = False
        self.points = {}
        self.unknown = []
        self.unknown_life = None
        self.unknown_points = {}
        self.lock = threading.Lock()

    def creation(self):
        """The body that makes the collection; `vector` of the options goes to each vector."""
        options = dict(self.options)
        each = options.pop("vector", {})
        vectors = {name: {"size": dim, "distance": distance, **each}
                   for name, (dim, distance) in self.schema.items()}
        return {"vectors": vectors.get("", vectors), **options}

    def created(self, points=None):
        """Its creation was acknowledged, with `points` if it came to be with some."""
        with self.lock:
            self.exists = True
            self.points = dict(points or {})
            self.book.write("created", self.collection)

    def dropped(self):
        """Its drop was acknowledged."""
        with self.lock:
            self.exists = False
            self.points = {}
            self.book.write("dropped", self.collection)

    def lose_life(self, what, points=None):
        """The answer to a `create` (with `points`) or `drop` was lost."""
        with self.lock:
            self.unknown_life = what
            self.unknown_points = dict(points or {})
            self.book.write(f"unknown {what}", self.collection)

    def acknowledge(self, changes):
        """`changes`: id to Value or DELETED."""
        with self.lock:
            self.points.update(changes)
            self.book.write("acknowledged", self.collection, changes)

    def lose(self, changes):
        """The answer to the request for these changes was lost."""
        with self.lock:
            self.unknown.append(changes)
            self.book.write("unknown", self.collection, changes)

    def alive(self):
        """The points that must be there."""
        with self.lock:
            return {key: value for key, value in self.points.items() if value is not DELETED}


class Book:
    """The accounts of all collections of one server, and a file of the requests since the last
    check. `folder` should lie on another file system than the data."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ledgers = {}
        self.aliases = {}
        self.unknown_aliases = None  # what a change made of them whose answer was lost
        self.unknown_rename = None   # the two names of one whose answer was lost
        self.acknowledged = 0
        self.versions = itertools.count(1)
        self.lock = threading.Lock()
        self.file = open(self.folder / "requests.jsonl", "w", encoding="utf-8")

    def add(self, collection, schema, options=None):
        """A new account, of a collection that does not exist yet."""
        ledger = Ledger(self, collection, schema, options)
        self.ledgers[collection] = ledger
        return ledger

    def next_version(self):
        """A number that no value has had."""
        return next(self.versions)

    def write(self, what, collection, changes=None):
        """A line for one answered or lost request."""
        line = {"what": what, "collection": collection}
        if changes is not None:
            line["points"] = [[key, value and value.version, value and value.checksum.hex()]
                              for key, value in changes.items()]
        with self.lock:
            if not what.startswith("unknown"):
                self.acknowledged += 1
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()

    def checked(self):
        """Everything was found as promised: the file of requests begins anew."""
        with self.lock:
            self.file.seek(0)
            self.file.truncate()

    def dump(self):
        """Writes all that is promised to `state.json`, for people who look into a failure."""
        told = {}
        for ledger in self.ledgers.values():
            told[ledger.collection] = {
                "exists": ledger.exists, "unknown_life": ledger.unknown_life,
                "points": [[key, value and value.readable()]
                           for key, value in ledger.points.items()],
                "unknown": [[[key, value and value.readable()] for key, value in changes.items()]
                            for changes in ledger.unknown]}
        (self.folder / "state.json").write_text(json.dumps(told, indent=1), encoding="utf-8")
