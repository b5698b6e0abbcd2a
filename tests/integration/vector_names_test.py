# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Vectors come to a collection that serves and go from it, over REST, across starts and kills."""

import pathlib
import random
import tempfile
import threading
import time
import unittest

from thespis_server import Server, wait_green

SIZE = 4
SAVE_OFTEN = {"THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1"}
KINDS = {
    "dense": {"dense": {"size": SIZE, "distance": "Dot"}},
    "rows": {"dense": {"size": SIZE, "distance": "Dot",
                       "multivector_config": {"comparator": "max_sim"}}},
    "sparse": {"sparse": {}},
}


class VectorNamesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data_dir = pathlib.Path(folder.name) / "data"
        seed = random.randrange(2**32)
        print(f"{self.id()}: seed {seed}", flush=True)
        self.source = random.Random(seed)
        self.server = Server(self.data_dir, environment=SAVE_OFTEN)
        self.server.start()
        self.addCleanup(self.server.kill)
        self.kinds = {"text": "dense"}
        self.points = {}
        self.reconnect()
        answer = self.client.put("/collections/docs", {
            "vectors": {"text": {"size": SIZE, "distance": "Dot"}}})
        self.assertEqual(answer.status, 200, answer.body)

    def reconnect(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)

    def restart(self, kill=True):
        if kill:
            self.server.kill()
        else:
            self.assertEqual(self.server.stop(), 0, self.server.output())
        self.server.start()
        self.reconnect()

    def number(self):
        return self.source.randrange(1, 64) / 16

    def value(self, kind):
        row = [self.number() for _ in range(SIZE)]
        if kind == "dense":
            return row
        if kind == "rows":
            return [row, [self.number() for _ in range(SIZE)]]
        return {"indices": [1, self.source.randrange(2, 9)], "values": [self.number(), 1.0]}

    def write(self, ids, names=None):
        names = list(self.kinds) if names is None else names
        changes = {key: {name: self.value(self.kinds[name]) for name in names} for key in ids}
        body = {"points": [{"id": key, "vector": vectors} for key, vectors in changes.items()]}
        answer = self.client.put("/collections/docs/points?wait=true", body)
        self.assertEqual(answer.status, 200, answer.body[:500])
        self.points.update(changes)

    def path(self, name):
        return f"/collections/docs/vectors/{name}"

    def add(self, name, kind):
        answer = self.client.put(self.path(name), KINDS[kind])
        self.assertEqual(answer.status, 200, answer.body[:500])
        self.assertEqual(answer.result["status"], "completed")
        self.assertGreater(answer.result["operation_id"], 0)
        self.added(name, kind)

    def added(self, name, kind):
        self.kinds[name] = kind

    def drop(self, name):
        answer = self.client.delete(self.path(name))
        self.assertEqual(answer.status, 200, answer.body[:500])
        self.dropped(name)

    def dropped(self, name):
        del self.kinds[name]
        for vectors in self.points.values():
            vectors.pop(name, None)

    def names_now(self):
        params = self.client.get("/collections/docs").result["config"]["params"]
        return set(params["vectors"]) | set(params.get("sparse_vectors", {}))

    def search(self, name, kind, **params):
        query = {"dense": [1.0] * SIZE, "rows": [[1.0] * SIZE],
                 "sparse": {"indices": [1], "values": [1.0]}}[kind]
        return self.client.post("/collections/docs/points/query", {
            "query": query, "using": name, "limit": 1000, "params": params})

    def check(self):
        self.assertEqual(self.names_now(), set(self.kinds))
        shown = self.client.post("/collections/docs/points", {
            "ids": list(self.points), "with_vector": True}).result
        found = {point["id"]: point.get("vector") or {} for point in shown}
        self.assertEqual(found, self.points)
        for name, kind in self.kinds.items():
            with_it = {key for key, vectors in self.points.items() if name in vectors}
            for exact in (False, True):
                answer = self.search(name, kind, exact=exact)
                self.assertEqual(answer.status, 200, answer.body[:500])
                self.assertEqual({hit["id"] for hit in answer.result["points"]}, with_it)
        health = self.client.get("/health/deep")
        self.assertEqual(health.status, 200, health.body[:2000])

    def test_vectors_of_every_kind_come_and_go(self):
        self.write(range(100))
        for kind in KINDS:
            self.add("more", kind)
            self.check()
            self.write(range(40, 140))
            self.write(range(10), ["more"])
            self.check()
            refused = self.client.put(self.path("more"), KINDS["dense"])
            self.assertEqual(refused.status, 409, refused.body)
            self.drop("more")
            self.check()
            answer = self.search("more", kind)
            self.assertIn(answer.status, (400, 404), answer.body)
            self.assertIn("'more'", answer.json["status"]["error"])
            for body in ({"points": [{"id": 1, "vector": {"more": self.value(kind)}}]},):
                answer = self.client.put("/collections/docs/points?wait=true", body)
                self.assertEqual(answer.status, 400, answer.body)
        self.restart(kill=False)
        self.check()

    def test_what_is_wrong_is_refused_and_changes_nothing(self):
        self.write(range(3))
        for body, status, word in (
                ({"dense": {"size": 4}}, 400, "distance"),
                ({"dense": {"size": 0, "distance": "Dot"}}, 400, "size"),
                ({"dense": {"size": 4, "distance": "Dot", "index": "none"}}, 404, "none"),
                ({"sparse": {"modifier": "tf"}}, 400, "tf"),
                ({"sparse": {"size": 4}}, 400, "size"),
                ({"dense": {"size": 4, "distance": "Dot"}, "sparse": {}}, 400, "either"),
                ({}, 400, "dense"), ({"other": {}}, 400, "other")):
            answer = self.client.put(self.path("new"), body)
            self.assertEqual(answer.status, status, answer.body)
            self.assertIn(word, answer.json["status"]["error"])
        self.assertEqual(self.client.delete(self.path("new")).status, 404)
        answer = self.client.delete(self.path("text"))
        self.assertEqual(answer.status, 400, answer.body)  # the last one
        self.assertEqual(self.client.put("/collections/none/vectors/new",
                                         KINDS["dense"]).status, 404)
        self.assertEqual(self.client.request("GET", self.path("text")).status, 405)
        self.check()
        for number in range(15):
            self.add(f"v{number}", self.source.choice(list(KINDS)))
        answer = self.client.put(self.path("v15"), KINDS["sparse"])
        self.assertEqual(answer.status, 400, answer.body)
        self.assertIn("expected 1 to 16", answer.json["status"]["error"])
        self.write(range(2, 5))
        self.check()

    def test_a_repeat_with_the_same_key_is_answered_as_the_first(self):
        self.write(range(3))
        key = {"Idempotency-Key": "add-more"}
        first = self.client.put(self.path("more"), KINDS["dense"], headers=key)
        self.assertEqual(first.status, 200, first.body)
        self.added("more", "dense")
        for restarts in (False, True):
            if restarts:
                self.restart()
            again = self.client.put(self.path("more"), KINDS["dense"], headers=key)
            self.assertEqual(again.status, 200, again.body)
            self.assertEqual(again.result, first.result)
        other = self.client.put(self.path("more"), KINDS["sparse"], headers=key)
        self.assertEqual(other.status, 422, other.body)
        found = self.client.get(f"/collections/docs/operations/{first.result['operation_id']}")
        self.assertEqual(found.result["status"], "completed")
        key = {"Idempotency-Key": "drop-more"}
        first = self.client.delete(self.path("more"), headers=key)
        self.assertEqual(first.status, 200, first.body)
        self.dropped("more")
        self.add("more", "rows")
        again = self.client.delete(self.path("more"), headers=key)
        self.assertEqual(again.result, first.result)
        change = {"metadata": {"owner": "ada"}}
        for body in (change, change, {"metadata": {"owner": "bob"}}):
            answer = self.client.request("PATCH", "/collections/docs", body,
                                         {"Idempotency-Key": "owner"})
            self.assertEqual(answer.status, 200 if body is change else 422, answer.body)
        self.check()

    def test_a_name_that_comes_again_starts_empty_after_every_kill(self):
        self.write(range(200))
        for _ in range(8):
            kind = self.source.choice(list(KINDS))
            if "more" in self.kinds:
                self.drop("more")
                self.maybe_kill()
            self.add("more", kind)
            self.maybe_kill()
            self.write(self.source.sample(range(300), 60))
            if self.source.random() < 0.5:
                wait_green(self.client, "docs")
                time.sleep(self.source.choice((0, 1.5)))  # files may be saved
            self.maybe_kill()
            self.check()
        self.restart()
        self.check()

    def maybe_kill(self):
        if self.source.random() < 0.5:
            self.restart()
            self.check()

    def test_a_kill_amid_a_change_leaves_all_of_it_or_nothing(self):
        self.write(range(200))
        for _ in range(8):
            name, kind = "more", self.source.choice(list(KINDS))
            drops = name in self.kinds
            client = self.server.client()

            def change(client=client, drops=drops, kind=kind):
                try:
                    if drops:
                        client.delete(self.path(name))
                    else:
                        client.put(self.path(name), KINDS[kind])
                except OSError:
                    pass  # the server is gone
                except Exception as failure:  # an answer that was cut off
                    print(f"no answer: {failure!r}", flush=True)

            asking = threading.Thread(target=change)
            asking.start()
            time.sleep(self.source.random() * 0.02)
            self.server.kill()
            asking.join()
            client.close()
            self.server.start()
            self.reconnect()
            if drops and name not in self.names_now():
                self.dropped(name)
            if not drops and name in self.names_now():
                self.added(name, kind)
            self.check()
            self.write(self.source.sample(range(300), 50))
            self.check()

    def test_writes_and_searches_go_on_meanwhile(self):
        self.write(range(300))
        done = threading.Event()
        failures = []
        writes = 0

        def work():
            nonlocal writes
            client = self.server.client()
            source = random.Random(7)
            while not done.is_set():
                body = {"points": [{"id": 1000 + writes,
                                    "vector": {"text": [source.random() for _ in range(SIZE)]}}]}
                answer = client.put("/collections/docs/points?wait=true", body)
                found = client.post("/collections/docs/points/query", {
                    "query": [1.0] * SIZE, "using": "text", "limit": 3})
                if answer.status != 200 or found.status != 200:
                    failures.append((answer.body[:300], found.body[:300]))
                writes += 1
            client.close()

        worker = threading.Thread(target=work)
        worker.start()
        try:
            for number in range(12):
                kind = list(KINDS)[number % len(KINDS)]
                self.add("more", kind)
                self.write(range(20))
                answer = self.search("more", kind)
                self.assertEqual(len(answer.result["points"]), 20)
                self.drop("more")
        finally:
            done.set()
            worker.join()
        self.assertEqual(failures, [])
        self.assertGreater(writes, 10)
        count = self.client.post("/collections/docs/points/count", {"exact": True}).result["count"]
        self.assertEqual(count, 300 + writes)


if __name__ == "__main__":
    unittest.main(verbosity=2)
