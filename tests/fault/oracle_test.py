# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The oracle of the campaigns notices each kind of loss and damage.

A server is filled by the campaigns' own workers. Then the ledger, not the server, is changed, one
promise at a time, and the check has to fail for the right reason.
"""

import copy
import pathlib
import random
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from campaign import GRAPH, LASTING, SCHEMAS
from ledger import DELETED, Book, Broken, Lost, Value, bits, floats
from thespis_server import Server
from workload import PointWriter, random_id, random_value

STEPS = 12
IDS = 60


class Changed:
    """A client whose answers pass through a function of path and result."""

    def __init__(self, client, change):
        self.client = client
        self.change = change

    def post(self, path, body):
        return self.answer(path, self.client.post(path, body))

    def get(self, path):
        return self.answer(path, self.client.get(path))

    def answer(self, path, reply):
        changed = copy.copy(reply)
        whole = reply.json
        whole["result"] = self.change(path, whole["result"])
        changed.body = oracle.json.dumps(whole).encode()
        return changed


class OracleTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        folder = pathlib.Path(cls.folder.name)
        cls.server = Server(folder / "data").start()
        cls.addClassCleanup(cls.server.__exit__)
        cls.book = Book(folder / "ledger")
        cls.seed = random.randrange(2**32)
        print(f"seed {cls.seed}", flush=True)
        source = random.Random(cls.seed)
        cls.client = cls.server.client()
        cls.addClassCleanup(cls.client.close)
        for worker, (name, options) in enumerate(LASTING.items()):
            ledger = cls.book.add(name, SCHEMAS[name], options)
            assert cls.client.put(f"/collections/{name}", ledger.creation()).result is True
            ledger.created()
            ids = [random_id(source, worker, number) for number in range(IDS)]
            writer = PointWriter(cls.server, source, ledger, ids)
            for _ in range(STEPS):
                assert writer.step()
            writer.client.close()
        cls.book.add("absent", SCHEMAS["single"], GRAPH)

    def setUp(self):
        """Each test has ledgers of its own; the server's points stay as they are."""
        self.ledgers = {}
        for name, ledger in self.book.ledgers.items():
            own = copy.copy(ledger)
            own.points, own.unknown = dict(ledger.points), []
            self.ledgers[name] = own
        self.own = copy.copy(self.book)
        self.own.ledgers = self.ledgers
        self.source = random.Random(self.seed)

    def check(self, client=None, with_index=False):
        return oracle.check(client or self.client, self.own, self.source, with_index)

    def check_fails(self, kind, words, client=None, with_index=False):
        with self.assertRaisesRegex(kind, words):
            self.check(client, with_index)

    def some(self, alive, name="single"):
        """An id that is alive with all of its parts, or one that was deleted."""
        points = self.ledgers[name].points
        return next(key for key, value in points.items() if (
            value is DELETED if not alive else
            value is not DELETED and value.version is not None
            and value.vectors.keys() == SCHEMAS[name].keys()))

    def value(self, name="single"):
        return random_value(self.source, self.book, SCHEMAS[name], "new")

    def test_a_server_that_keeps_its_promises_passes(self):
        before = self.check(with_index=True)
        self.assertEqual(set(before), set(LASTING))
        oracle.check_unchanged(self.client, before)

    def test_a_lost_point(self):
        self.ledgers["single"].points["new"] = self.value()
        self.check_fails(Lost, "is lost")

    def test_an_older_version(self):
        key = self.some(alive=True)
        old = self.ledgers["single"].points[key]
        newer = {**old.payload, "version": self.book.next_version()}
        self.ledgers["single"].points[key] = Value(key, old.vectors, newer)
        self.check_fails(Lost, "has version")

    def test_a_flipped_bit_of_a_vector_and_another_payload(self):
        key = self.some(alive=True)
        old = self.ledgers["single"].points[key]
        vector = bytearray(old.vectors[""])
        vector[0] ^= 1
        for value in (Value(key, {"": bytes(vector)}, old.payload),
                      Value(key, old.vectors, {**old.payload, "n": -1})):
            self.ledgers["single"].points[key] = value
            self.check_fails(Broken, "another checksum")

    def test_a_deleted_point_that_is_back(self):
        self.ledgers["named"].points[self.some(True, "named")] = DELETED
        self.check_fails(Lost, "are back that were deleted")

    def test_a_point_that_nobody_promised(self):
        del self.ledgers["single"].points[self.some(alive=True)]
        self.check_fails(Broken, "nobody promised")

    def test_a_lost_collection_and_one_that_is_back(self):
        self.ledgers["absent"].exists = True
        self.check_fails(Lost, "is lost")
        self.setUp()
        self.ledgers["single"].exists = False
        self.check_fails(Broken, "is there, although dropped")
        self.setUp()
        del self.ledgers["single"]
        self.check_fails(Broken, "nobody made")

    def test_an_unknown_request_happened_whole_or_not_at_all(self):
        ledger = self.ledgers["single"]
        done, kept = self.some(alive=True), self.value()
        before = dict(ledger.points)
        # Not at all, and whole.
        ledger.unknown = [{"new": kept}, {done: ledger.points[done]}]
        self.check()
        self.assertEqual(ledger.points, before)
        ledger.points[done] = DELETED
        ledger.unknown = [{done: before[done]}]
        self.check()
        self.assertEqual(ledger.points, before)
        # Half.
        ledger.points[done] = DELETED
        ledger.unknown = [{done: before[done], "new": kept}]
        self.check_fails(Broken, "half applied")

    def test_an_unknown_creation_or_drop(self):
        self.ledgers["absent"].unknown_life = "create"
        self.check()
        self.assertFalse(self.ledgers["absent"].exists)
        self.ledgers["single"].unknown_life = "drop"
        self.check()
        self.assertTrue(self.ledgers["single"].exists)
        # A drop that did not happen excuses no loss.
        self.ledgers["single"].unknown_life = "drop"
        self.ledgers["single"].points["new"] = self.value()
        self.check_fails(Lost, "is lost")

    def test_an_alias_that_is_lost_and_one_that_nobody_made(self):
        self.own.aliases = {"live": "single"}
        self.check_fails(Broken, "aliases are {}")
        self.own.aliases = {}
        shown = {"aliases": [{"alias_name": "x", "collection_name": "single"}]}
        strange = Changed(self.client,
                          lambda path, result: shown if path == "/aliases" else result)
        self.check_fails(Broken, "aliases are {'x': 'single'}", strange)
        self.own.unknown_aliases = {"x": "single"}
        self.check(strange)
        self.assertEqual(self.own.aliases, {"x": "single"})

    def test_a_rename_that_is_halved(self):
        self.own.unknown_rename = ("single", "absent")
        self.check()
        self.assertIsNone(self.own.unknown_rename)
        others = [name for name in LASTING if name != "single"]
        self.own.unknown_rename = ("single", others[0])
        self.check_fails(Broken, "both there after a rename")

    def test_reads_that_differ_from_the_scan(self):
        def change(path, result):
            if path.endswith("/count"):
                result["count"] += 1
            return result
        self.check_fails(Broken, "count says", Changed(self.client, change))

        def change(path, result):
            return result[1:] if path.endswith("/points") else result
        self.check_fails(Broken, "reads by id", Changed(self.client, change))

    def test_sizes_that_differ_from_the_scan(self):
        def change(path, result):
            if path == "/collections/single":
                result["points_count"] -= 1
            return result
        self.check_fails(Broken, "info says", Changed(self.client, change))

        def change(path, result):
            if path == "/collections/named":
                result["indexes"][1].update(indexed_slots=3, tail_slots=0)
            return result
        self.check_fails(Broken, "cover 3 slots", Changed(self.client, change))

        def change(path, result):
            if path.endswith("/index/check"):
                result["indexes"][0]["nodes"] += 1
            return result
        self.check_fails(Broken, "the index of vector", Changed(self.client, change), True)

    def test_searches_that_are_not_exact(self):
        def leave_out(path, result):
            if path.endswith("/query"):
                del result["points"][0]
            return result

        def other_score(path, result):
            if path.endswith("/query"):
                result["points"][-1]["score"] *= 1.01
            return result

        def twice(path, result):
            if path.endswith("/query"):
                result["points"][1] = result["points"][0]
            return result

        for change in (leave_out, other_score, twice):
            with self.subTest(change=change.__name__):
                self.setUp()
                self.check_fails(Broken, "exact search", Changed(self.client, change))

    def test_a_search_that_misses_the_nearest(self):
        found = oracle.scan(self.client, "single")
        query = floats(bits([0.5] * 16))
        body = {"query": list(query), "limit": len(found), "params": {"exact": True}}
        hits = self.client.post("/collections/single/points/query", body).result["points"]

        def farther(path, result):
            if path.endswith("/query"):
                result["points"] = hits[-oracle.LIMIT:]
            return result
        with self.assertRaisesRegex(Broken, "but the ledger's is at"):
            oracle.check_one_search(Changed(self.client, farther), self.ledgers["single"], found,
                                    ("", "Euclid"), query)

    def test_a_second_restart_that_changes_something(self):
        before = self.check()
        key = self.some(alive=True)
        before["single"][key] = self.value()
        with self.assertRaisesRegex(Broken, "second restart changed"):
            oracle.check_unchanged(self.client, before)


if __name__ == "__main__":
    unittest.main(verbosity=2)
