# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Random writes of points and what each of them must come to.

A `Draft` stands over a ledger: operations see what those before them made of a point, as they do
in a batch. Each `random_*` returns the operation's name and body, and changes the draft.
"""

from ledger import DELETED, Value, floats

# Method and end of the path of an operation on its own.
ROUTES = {"upsert": ("PUT", ""), "delete": ("POST", "/delete"), "set_payload": ("POST", "/payload"),
          "overwrite_payload": ("PUT", "/payload"), "delete_payload": ("POST", "/payload/delete"),
          "clear_payload": ("POST", "/payload/clear"), "update_vectors": ("PUT", "/vectors"),
          "delete_vectors": ("POST", "/vectors/delete")}
# Keys that payloads of the workload have, or may have.
KEYS = ["word", "n", "deep.price", "deep", "list[]", "nowhere.at.all", "version"]


def vector_body(vectors):
    """Vectors by name as a body has them."""
    named = {name: floats(packed) for name, packed in vectors.items()}
    return named.get("", named)


def point_body(key, value):
    return {"id": key, "vector": vector_body(value.vectors), "payload": value.payload}


class Draft:
    """What points are after the operations so far."""

    def __init__(self, ledger):
        self.ledger = ledger
        self.changes = {}

    def now(self, key):
        return self.changes.get(key, self.ledger.points.get(key))

    def alive(self, ids):
        return [key for key in ids if self.now(key) is not DELETED]

    def put(self, key, vectors, payload):
        self.changes[key] = Value(key, vectors, payload)


def without(payload, path):
    """`payload` without what a path of `KEYS` names."""
    first, _, rest = path.partition(".")
    if first.endswith("[]"):
        first, rest = first[:-2], "[]"
    if first not in payload:
        return payload
    cut = dict(payload)
    if rest == "[]":
        cut[first] = []
    elif not rest:
        del cut[first]
    elif isinstance(cut[first], dict):
        cut[first] = without(cut[first], rest)
    return cut


def delete(draft, ids):
    for key in ids:
        draft.changes[key] = DELETED
    return "delete", {"points": ids}


def upsert(draft, values):
    draft.changes.update(values)
    return "upsert", {"points": [point_body(key, value) for key, value in values.items()]}


def random_payload_write(source, draft, ids, fresh):
    """One of the writes of payloads. `fresh()` makes a payload with a version of its own."""
    kind = source.choice(["set_payload", "set_payload", "overwrite_payload", "delete_payload",
                          "clear_payload"])
    body = {"points": ids}
    if kind == "delete_payload":
        body["keys"] = source.sample(KEYS, source.randint(1, 3))
    elif kind != "clear_payload":
        body["payload"] = fresh()
    below = kind == "set_payload" and source.random() < 0.3
    if below:
        body["key"] = "deep"
    for key in ids:
        old = draft.now(key)
        payload = dict(old.payload)
        if kind == "delete_payload":
            for path in body["keys"]:
                payload = without(payload, path)
        elif kind == "clear_payload":
            payload = {}
        elif kind == "overwrite_payload":
            payload = body["payload"]
        elif below:
            inner = {**payload.get("deep", {}), **body["payload"]}
            payload["deep"] = {name: value for name, value in inner.items() if value is not None
                               or name not in body["payload"]}
        else:
            payload.update(body["payload"])
        draft.put(key, old.vectors, payload)
    return kind, body


def random_vector_write(source, draft, ids, fresh):
    """New vectors for points, or none. `fresh(name)` makes the bits of one."""
    names = sorted(draft.ledger.schema)
    some = source.sample(names, source.randint(1, len(names)))
    if source.random() < 0.3:
        for key in ids:
            old = draft.now(key)
            draft.put(key, {name: vector for name, vector in old.vectors.items()
                            if name not in some}, old.payload)
        return "delete_vectors", {"points": ids, "vector": some}
    points = []
    for key in ids:
        old = draft.now(key)
        more = {name: fresh(name) for name in some}
        points.append({"id": key, "vector": vector_body(more)})
        draft.put(key, {**old.vectors, **more}, old.payload)
    return "update_vectors", {"points": points}
