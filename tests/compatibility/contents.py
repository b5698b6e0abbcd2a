# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What the kept data folders hold, and how it is read back. Everything is made by rule, so that the
script that wrote a folder and the test that reads it need no other source."""

import json

QUERIES = 5
LIMIT = 10


def number(seed, place):
    """A float with few digits, the same for ever."""
    return ((seed * 2654435761 + place * 40503 + 12345) >> 7) % 257 / 16 - 8


def vector(seed, size):
    values = [number(seed, place) for place in range(size)]
    return values if any(values) else [1.0] * size


def uuid_of(n):
    return f"{n:08x}-0000-4000-8000-{n * 7919 % 2**48:012x}"


def id_of(kind, n):
    """Numbers, UUIDs and other strings in turn, or numbers only."""
    if kind == "numbers" or n % 3 == 0:
        return n if n % 50 else 2**63 + n
    return uuid_of(n) if n % 3 == 1 else f"point/{n} \u00e9"


COLLECTIONS = {
    "single": {
        "options": {"vectors": {"size": 8, "distance": "Euclid"}},
        "points": 100, "ids": "numbers", "sizes": {"": 8}},
    "named vectors": {
        "options": {"vectors": {"image": {"size": 4, "distance": "Cosine"},
                                "text": {"size": 6, "distance": "Dot"}}},
        "points": 80, "ids": "all", "sizes": {"image": 4, "text": 6}},
    "coded": {
        "options": {"vectors": {"size": 16, "distance": "Cosine"},
                    "hnsw_config": {"m": 8, "ef_construct": 64, "full_scan_threshold": 0,
                                    "preset": "fast"},
                    "quantization_config": {"scalar": {"type": "int8", "always_ram": True}}},
        "points": 140, "ids": "all", "sizes": {"": 16}},
    "on disk": {
        "options": {"vectors": {"size": 12, "distance": "Manhattan", "on_disk": True},
                    "hnsw_config": {"full_scan_threshold": 0}},
        "points": 110, "ids": "all", "sizes": {"": 12}},
    "flat": {
        "options": {"vectors": {"size": 5, "distance": "Dot", "index": "flat"}},
        "points": 60, "ids": "numbers", "sizes": {"": 5}},
    "empty": {
        "options": {"vectors": {"size": 3, "distance": "Euclid"}},
        "points": 0, "ids": "numbers", "sizes": {"": 3}},
}


def point(collection, n, round_number=0):
    """Point `n`; in later rounds with another vector or payload."""
    of = COLLECTIONS[collection]
    seed = 1000 * (list(COLLECTIONS).index(collection) + 1) + n + 77777 * round_number
    vectors = {name: vector(seed + size, size) for name, size in of["sizes"].items()}
    if "" not in vectors and n % 5 == 4:
        del vectors["text"]
    payload = {} if n % 7 == 6 else {
        "n": n, "round": round_number, "text": f"text of {n} \u4e16\u754c", "tags": ["a", n % 3],
        "nested": {"deep": [None, True, 1.5]}}
    return {"id": id_of(of["ids"], n), "vector": vectors.get("", vectors), "payload": payload}


def path(collection, rest=""):
    return "/collections/" + collection.replace(" ", "%20") + rest


def everything(client, collection):
    """All points by id as text: vector, payload and version."""
    points = {}
    offset = None
    while True:
        body = {"limit": 100, "with_payload": True, "with_vector": True}
        if offset is not None:
            body["offset"] = offset
        page = client.post(path(collection, "/points/scroll"), body).result
        for one in page["points"]:
            points[json.dumps(one["id"])] = {key: one[key]
                                             for key in ("vector", "payload", "version")}
        offset = page["next_page_offset"]
        if offset is None:
            return points


def answers(client, collection):
    """Exact searches with every vector name."""
    found = []
    for name, size in COLLECTIONS[collection]["sizes"].items():
        for query in range(QUERIES):
            body = {"query": vector(99 + query, size), "limit": LIMIT, "params": {"exact": True}}
            if name:
                body["using"] = name
            hits = client.post(path(collection, "/points/query"), body).result["points"]
            found.append([[hit["id"], hit["score"]] for hit in hits])
    return found


def described(client, collection):
    info = client.get(path(collection)).result
    return {"config": info["config"], "points_count": info["points_count"],
            "created_at": info["created_at"], "uuid": info["uuid"]}


def contents(client):
    """Everything that must be the same for ever."""
    return {name: {"info": described(client, name),
                   "count": client.post(path(name, "/points/count"), {"exact": True})
                   .result["count"],
                   "points": everything(client, name),
                   "answers": answers(client, name)}
            for name in COLLECTIONS}
