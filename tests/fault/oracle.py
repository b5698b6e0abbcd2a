# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Whether a server that was started again shows what the ledgers say.

`check` settles what was unknown, compares every point, and then holds each other way to read
against the points: count, reads by id, the sizes of the indexes, exact search against a search that
the client itself does over the ledger.
"""

import json
import math

from ledger import Broken, Lost, Value, bits, floats

PAGE_POINTS = 500
SEARCHES = 3
LIMIT = 10
# The index that has nothing to count: it reads the rows themselves.
SCANS = "flat"
# Of a score, for sums of float32 in another order.
RELATIVE_ERROR = 1e-4
# Squares of smaller differences are nothing in float32.
SQUARES_VANISH = 1e-18


def stored(point):
    """The value of a point that the server shows."""
    vector = point["vector"]
    named = vector if isinstance(vector, dict) else {"": vector}
    return Value(point["id"], {name: bits(values) for name, values in named.items()},
                 point["payload"])


def scan(client, collection):
    """Every point, by scrolling: id to Value."""
    found = {}
    offset = None
    while True:
        body = {"limit": PAGE_POINTS, "with_vector": True, "with_payload": True}
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


def names(client):
    """The collections that the server shows."""
    return {item["name"] for item in client.get("/collections").result["collections"]}


def scan_all(client):
    """Every collection and point: name to id to Value."""
    return {name: scan(client, name) for name in sorted(names(client))}


def settle(ledger, found):
    """Lets the ledger learn what became of requests whose answers were lost. `found` is the scan,
    or None if the collection is not there."""
    life, ledger.unknown_life = ledger.unknown_life, None
    there = found is not None
    if life is None and there != ledger.exists:
        kind = Lost if ledger.exists else Broken
        raise kind(f"collection '{ledger.collection}' "
                   f"{'is lost' if ledger.exists else 'is there, although dropped or never made'}")
    ledger.exists = there
    if life == "create" and there:
        ledger.points = ledger.unknown_points
    if not there:
        ledger.points = {}
    if not there:
        ledger.unknown.clear()
        return
    for changes in ledger.unknown:
        settle_changes(ledger, changes, found)
    ledger.unknown.clear()


def settle_changes(ledger, changes, found):
    # An id whose old and new state are the same says nothing either way.
    telling = {key: new for key, new in changes.items() if ledger.points.get(key) != new}
    done = [key for key, new in telling.items() if found.get(key) == new]
    if len(done) == len(telling):
        ledger.points.update(changes)
    elif done:
        raise Broken(f"{ledger.collection}: a request was half applied: {len(done)} of "
                     f"{len(telling)} changes, among them {done[0]!r}")


def check_points(ledger, found):
    """Each promised point is there at its last version, and no other."""
    alive = ledger.alive()
    for key, value in alive.items():
        shown = found.get(key)
        if shown is None:
            raise Lost(f"{ledger.collection}: acknowledged point {key!r}, version "
                       f"{value.version}, is lost")
        if shown == value:
            continue
        if shown.version is not None and value.version is not None \
                and shown.version < value.version:
            raise Lost(f"{ledger.collection}: point {key!r} has version {shown.version}, "
                       f"acknowledged {value.version}")
        raise Broken(f"{ledger.collection}: point {key!r} has another checksum: shown "
                     f"{shown.readable()}, acknowledged {value.readable()}")
    surplus = [key for key in found if key not in alive]
    if not surplus:
        return
    if surplus[0] in ledger.points:
        raise Lost(f"{ledger.collection}: {len(surplus)} points are back that were deleted, such "
                   f"as {surplus[0]!r}")
    raise Broken(f"{ledger.collection}: {len(surplus)} points that nobody promised, such as "
                 f"{surplus[0]!r}")


def check_count_and_reads(client, ledger, found, source):
    path = f"/collections/{ledger.collection}/points"
    count = client.post(f"{path}/count", {"exact": True}).result["count"]
    if count != len(found):
        raise Broken(f"{ledger.collection}: count says {count}, the scan found {len(found)}")
    some = source.sample(sorted(ledger.points, key=str), min(50, len(ledger.points)))
    kept = client.post(path, {"ids": some, "with_vector": True, "with_payload": True}).result
    kept = {point["id"]: stored(point) for point in kept}
    if kept != {key: found[key] for key in some if key in found}:
        raise Broken(f"{ledger.collection}: reads by id and the scan differ")


def check_sizes(client, ledger, count):
    """Index and tail of each vector cover the slots, of which as many live as there are points."""
    info = client.get(f"/collections/{ledger.collection}").result
    if info["points_count"] != count:
        raise Broken(f"{ledger.collection}: info says {info['points_count']} points, "
                     f"the scan found {count}")
    for index in info["indexes"]:
        covered = index["indexed_slots"] + index["tail_slots"]
        if covered - info["tombstones_count"] != count:
            raise Broken(f"{ledger.collection}: index and tail of vector '{index['vector']}' cover "
                         f"{covered} slots, {info['tombstones_count']} of them dead, but the scan "
                         f"found {count} points")


def check_index(client, ledger, found):
    """The index itself counts its points: built to the end it has exactly those of the scan that
    have such a vector."""
    reply = client.post(f"/collections/{ledger.collection}/index/check", {}).result
    for index in reply["indexes"]:
        count = sum(index["vector"] in value.vectors for value in found.values())
        if index["index"] != SCANS and index["nodes"] != count:
            raise Broken(f"{ledger.collection}: the index of vector '{index['vector']}' has "
                         f"{index['nodes']} points, the scan found {count}")


def score_of(distance, query, vector):
    """What an exact search says of `vector`; NaN where float32 cannot tell."""
    if distance == "Euclid":
        return math.dist(query, vector)
    dot = math.fsum(a * b for a, b in zip(query, vector))
    if distance == "Dot":
        return dot
    return dot / (math.hypot(*query) * math.hypot(*vector))


def check_search(client, ledger, found, source):
    """Exact search against a search over the ledger's points: ids and scores."""
    for name, (dim, distance) in ledger.schema.items():
        keys = sorted((key for key, value in found.items() if name in value.vectors), key=str)
        for _ in range(SEARCHES):
            if keys and source.random() < 0.5:
                query = floats(found[source.choice(keys)].vectors[name])
            else:
                query = floats(bits([source.gauss(0, 1) for _ in range(dim)]))
            check_one_search(client, ledger, found, (name, distance), query)


def check_one_search(client, ledger, found, named, query):
    name, distance = named
    found = {key: value for key, value in found.items() if name in value.vectors}
    body = {"query": list(query), "limit": LIMIT, "params": {"exact": True}}
    if name:
        body["using"] = name
    path = f"/collections/{ledger.collection}/points/query"
    hits = client.post(path, body).result["points"]
    where = f"{ledger.collection}: exact search of vector '{name}'"
    scores = {key: score_of(distance, query, floats(value.vectors[name]))
              for key, value in found.items()}
    nearest_first = sorted(scores.values(), reverse=distance != "Euclid")
    if len(hits) != min(LIMIT, len(found)) or len({hit["id"] for hit in hits}) != len(hits):
        raise Broken(f"{where}: {len(hits)} hits of {len(found)} points")
    # Sums of products err by a part of the largest of them, not of the sum.
    size = math.hypot(*query) * max((math.hypot(*floats(value.vectors[name]))
                                     for value in found.values()), default=0)
    allowed = RELATIVE_ERROR * max(map(abs, nearest_first[:LIMIT]), default=0)
    allowed += SQUARES_VANISH if distance == "Euclid" else 0
    allowed += 1e-6 * size if distance == "Dot" else 0
    for rank, hit in enumerate(hits):
        if hit["id"] not in scores:
            raise Broken(f"{where}: {hit['id']!r} is no point")
        own = scores[hit["id"]]
        if abs(hit["score"] - own) > max(allowed, RELATIVE_ERROR * abs(own)):
            raise Broken(f"{where}: {hit['id']!r} scores {hit['score']}, not {own}")
        # Near-equal points may change places, but then their scores are near-equal, too.
        if abs(hit["score"] - nearest_first[rank]) > allowed:
            raise Broken(f"{where}: hit {rank} is {hit['id']!r} at {hit['score']}, but the "
                         f"ledger's is at {nearest_first[rank]}")


def aliases(client):
    """The aliases that the server shows, with their collections."""
    return {item["alias_name"]: item["collection_name"]
            for item in client.get("/aliases").result["aliases"]}


def settle_aliases(book, shown):
    """The aliases are those that were promised; a change without an answer was made or was not.
    A collection was renamed or was not."""
    if book.unknown_rename is not None:
        old, new = (book.ledgers[name] for name in book.unknown_rename)
        if old.exists == new.exists:
            raise Broken(f"'{old.collection}' and '{new.collection}' are "
                         f"{'both' if old.exists else 'neither'} there after a rename")
        if new.exists:
            book.unknown_aliases = {alias: new.collection if target == old.collection else target
                                    for alias, target in book.aliases.items()}
            book.aliases = book.unknown_aliases
        book.unknown_rename = None
    if shown not in (book.aliases, book.unknown_aliases):
        raise Broken(f"aliases are {shown}, promised {book.aliases} or {book.unknown_aliases}")
    book.aliases, book.unknown_aliases = shown, None


def check(client, book, source, with_index=False):
    """Settles and checks everything; returns the scans. `with_index` also has every index built to
    the end and counted, which changes the index, but no answer."""
    shown = scan_all(client)
    unknown = set(shown) - set(book.ledgers)
    if unknown:
        raise Broken(f"collections that nobody made: {sorted(unknown)}")
    for ledger in book.ledgers.values():
        found = shown.get(ledger.collection)
        settle(ledger, found)
        if found is None:
            continue
        check_points(ledger, found)
        check_count_and_reads(client, ledger, found, source)
        check_sizes(client, ledger, len(found))
        check_search(client, ledger, found, source)
        if with_index:
            check_index(client, ledger, found)
            check_search(client, ledger, found, source)
    settle_aliases(book, aliases(client))
    book.checked()
    return shown


def check_unchanged(client, before):
    """A second restart changes nothing."""
    after = scan_all(client)
    if after == before:
        return
    for name in sorted(set(before) | set(after)):
        if before.get(name) != after.get(name):
            old, new = before.get(name) or {}, after.get(name) or {}
            keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
            raise Broken(f"{name}: a second restart changed it, at {json.dumps(keys[:5])}")
