# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Writes that are repeated under a key, and writes that are not waited for, over REST."""

import pathlib
import struct
import tempfile
import threading
import time
import unittest

from thespis_server import Server

POINTS = "/collections/docs/points"
WINDOW_S = 2


def key(value):
    return {"Idempotency-Key": value}


def points(*ids, x=1.0):
    return {"points": [{"id": number, "vector": [x, 0.0]} for number in ids]}


def about(ids, **more):
    return {"points": ids, **more}


UPLOAD = (b"THESPUP1" + struct.pack("<IIQII", 0, 2, 1, 0, 0) + struct.pack("<Q", 5)
          + struct.pack("<2f", 0.5, 1))
# Every kind of write, each of which changes something the first time but the last.
STEPS = [
    ("PUT", "/collections/docs", {"vectors": {"size": 2, "distance": "Euclid"}}),
    ("PUT", POINTS, points(1, 2, 3)),
    ("PUT", POINTS, UPLOAD),
    ("PUT", f"{POINTS}/vectors", {"points": [{"id": 1, "vector": [5, 5]}]}),
    ("POST", f"{POINTS}/payload", about([1], payload={"a": 1})),
    ("PUT", f"{POINTS}/payload", about([2], payload={"b": 2})),
    ("POST", f"{POINTS}/payload/delete", about([2], keys=["b"])),
    ("POST", f"{POINTS}/payload/clear", about([1])),
    ("POST", f"{POINTS}/vectors/delete", about([3], vector=[""])),
    ("POST", f"{POINTS}/batch", {"operations": [
        {"upsert": points(4)}, {"set_payload": about([4], payload={"c": 3})},
        {"delete": about([3, 99])}]}),
    ("POST", f"{POINTS}/delete", about([5, 9])),
    ("PUT", POINTS, points(6)),
    ("POST", "/collections/aliases", {"actions": [
        {"create_alias": {"alias_name": "live", "collection_name": "docs"}}]}),
    ("POST", "/collections/docs/copy", {"name": "twin"}),
    ("POST", "/collections/twin/rename", {"name": "other"}),
    ("POST", "/collections/other/truncate", None),
    ("DELETE", "/collections/other", None),
    ("DELETE", "/collections/absent", None),
]
ABSENT = ("/collections/absent",)


class IdempotencyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thespis-once-")
        self.addCleanup(folder.cleanup)
        self.data = pathlib.Path(folder.name) / "data"

    def start(self, **environment):
        server = Server(self.data, environment=environment)
        self.addCleanup(server.__exit__)
        return server.start()

    def client(self, server):
        client = server.client()
        self.addCleanup(client.close)
        return client

    def make(self, client, **headers):
        body = {"vectors": {"size": 2, "distance": "Euclid"}}
        return client.put("/collections/docs", body, headers=headers)

    def count(self, client):
        return client.post(f"{POINTS}/count", {}).result["count"]

    def send(self, client, number):
        method, path, body = STEPS[number]
        headers = key(f"step-{number}")
        if isinstance(body, bytes):
            headers["content-type"] = "application/octet-stream"
        answer = client.request(method, path, body, headers=headers)
        self.assertEqual(answer.status, 200, (method, path, answer.body))
        return answer.result

    def shown(self, client):
        """Everything that a write could change."""
        names = [one["name"] for one in client.get("/collections").result["collections"]]
        pages = {name: client.post(f"/collections/{name}/points/scroll",
                                   {"limit": 100, "with_vector": True}).result for name in names}
        return pages, client.get("/aliases").result

    def test_every_write_is_answered_as_the_first_time_also_after_kills(self):
        server = self.start()
        client = self.client(server)
        first = [self.send(client, number) for number in range(len(STEPS))]
        for (method, path, _), answer in zip(STEPS, first):
            if path.startswith(POINTS):
                for one in answer if isinstance(answer, list) else [answer]:
                    self.assertEqual(one["status"], "completed", path)
            elif path.endswith("/copy"):
                self.assertEqual((answer["status"], answer["points_copied"]), ("completed", 4))
            else:
                self.assertIs(answer, path not in ABSENT, (method, path))
        batch, = [answer for answer in first if isinstance(answer, list)]
        self.assertEqual([one["affected"] for one in batch], [1, 1, 1])
        # What a repeat would change if it were done: it would make, fill, move, empty or drop.
        client.delete("/collections/docs")
        self.make(client)
        client.put(f"{POINTS}?wait=true", points(1, 2, 9))
        client.put("/collections/other", {"vectors": {"size": 2, "distance": "Dot"}})
        client.put("/collections/other/points?wait=true", points(1))
        client.put("/collections/absent", {"vectors": {"size": 2, "distance": "Dot"}})
        live = {"create_alias": {"alias_name": "live", "collection_name": "other"}}
        client.post("/collections/aliases", {"actions": [live]})
        before = self.shown(client)
        for _ in range(3):
            for number, answer in enumerate(first):
                self.assertEqual(self.send(client, number), answer, STEPS[number])
            self.assertEqual(self.shown(client), before)
            server.kill()
            server.start()
            client = self.client(server)

    def test_a_copy_that_is_not_waited_for_is_made_once(self):
        server = self.start()
        client = self.client(server)
        self.make(client)
        for first in range(0, 20_000, 5_000):
            client.put(POINTS, points(*range(first, first + 5_000)))
        path, body = "/collections/docs/copy", {"name": "twin"}
        begun = client.post(f"{path}?wait=false", body, headers=key("copy"))
        self.assertEqual(begun.result["status"], "running")
        again = client.post(f"{path}?wait=false", body, headers=key("copy"))
        self.assertIn(again.result["status"], ("running", "completed"))
        whole = client.post(path, body, headers=key("copy")).result
        self.assertEqual((whole["status"], whole["points_copied"]), ("completed", 20_000))
        other = client.post(path, body, headers=key("other"))
        self.assertEqual(other.status, 409)
        client.delete("/collections/twin")
        self.assertEqual(client.post(path, body, headers=key("copy")).result, whole)
        self.assertIs(client.get("/collections/twin/exists").result["exists"], False)

    def test_every_write_of_points_may_be_answered_early(self):
        server = self.start()
        client = self.client(server)
        self.make(client)
        last = 0
        for method, path, body in STEPS:
            if not path.startswith(POINTS):
                continue
            kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
            answer = client.request(method, f"{path}?wait=false", body,
                                    headers={"content-type": kind}).result
            one = answer[0] if isinstance(answer, list) else answer
            self.assertEqual(one["status"], "acknowledged", path)
            self.assertGreater(one["operation_id"], last, path)
            last = one["operation_id"]
            asked = f"/collections/docs/operations/{last}"
            deadline = time.monotonic() + 20
            while client.get(asked).result["status"] != "completed":
                self.assertLess(time.monotonic(), deadline)

    def test_a_key_belongs_to_one_request(self):
        server = self.start()
        client = self.client(server)
        self.make(client)
        client.put(POINTS, points(1), headers=key("k"))
        for method, path, body in [("PUT", POINTS, points(2)),
                                   ("POST", f"{POINTS}/delete", {"points": [1]}),
                                   ("PUT", "/collections/other/points", points(1)),
                                   ("DELETE", "/collections/docs", None)]:
            answer = client.request(method, path, body, headers=key("k"))
            self.assertEqual(answer.status, 422, answer.body)
            self.assertEqual(answer.json["status"]["code"], "key_reused")
        self.assertEqual(self.count(client), 1)
        # A refused request keeps no key: the corrected one may have it.
        wrong = client.put(POINTS, {"points": [{"id": 5, "vector": [1.0]}]}, headers=key("again"))
        self.assertEqual(wrong.status, 400)
        self.assertEqual(client.put(POINTS, points(5), headers=key("again")).status, 200)
        bad = client.put(POINTS, points(6), headers=key("not a key"))
        self.assertEqual(bad.status, 400)
        self.assertIn("Idempotency-Key", bad.json["status"]["error"])
        self.assertEqual(self.count(client), 2)

    def test_of_many_who_repeat_at_once_one_is_done(self):
        server = self.start()
        client = self.client(server)
        self.make(client)
        for number in range(10):
            answers = []

            def send():
                mine = server.client()
                answers.append(mine.put(POINTS, points(7), headers=key(f"round-{number}")))
                mine.close()

            senders = [threading.Thread(target=send) for _ in range(8)]
            for sender in senders:
                sender.start()
            for sender in senders:
                sender.join()
            done = {answer.result["operation_id"] for answer in answers if answer.status == 200}
            self.assertEqual(len(done), 1)
            for answer in answers:
                self.assertIn(answer.status, (200, 409))
                if answer.status == 409:
                    self.assertIn("still in progress", answer.json["status"]["error"])
                    self.assertEqual(answer.headers["Retry-After"], "1")
            shown = client.get(f"{POINTS}/7").result
            self.assertEqual({shown["version"]}, done)

    def test_a_key_ends_with_its_window(self):
        server = self.start(THESPIS__STORAGE__IDEMPOTENCY_WINDOW_S=str(WINDOW_S))
        client = self.client(server)
        self.make(client)
        sent = time.monotonic()
        first = client.put(POINTS, points(1), headers=key("k")).result
        again = client.put(POINTS, points(1), headers=key("k")).result
        if time.monotonic() - sent < WINDOW_S:
            self.assertEqual(again, first)
        time.sleep(WINDOW_S + 0.2)
        later = client.put(POINTS, points(1), headers=key("k")).result
        self.assertGreater(later["operation_id"], first["operation_id"])
        self.assertEqual(client.put(POINTS, points(1), headers=key("k")).result, later)

    def test_a_bound_on_keys_drops_the_oldest(self):
        server = self.start(THESPIS__STORAGE__IDEMPOTENCY_KEYS_MAX="5")
        client = self.client(server)
        self.make(client)
        first = [client.put(POINTS, points(1), headers=key(f"k{number}")).result
                 for number in range(12)]
        time.sleep(1)
        self.assertEqual(client.put(POINTS, points(1), headers=key("k11")).result, first[11])
        again = client.put(POINTS, points(1), headers=key("k0")).result
        self.assertGreater(again["operation_id"], first[11]["operation_id"])

    def test_a_write_that_is_not_waited_for_is_asked_after(self):
        server = self.start()
        client = self.client(server)
        self.make(client)
        last = 0
        for number in range(200):
            answer = client.put(f"{POINTS}?wait=false", points(number)).result
            self.assertEqual(answer["status"], "acknowledged")
            self.assertGreater(answer["operation_id"], last)
            last = answer["operation_id"]
        path = f"/collections/docs/operations/{last}"
        deadline = time.monotonic() + 20
        while (state := client.get(path).result)["status"] != "completed":
            self.assertEqual(state, {"operation_id": last, "status": "acknowledged"})
            self.assertLess(time.monotonic(), deadline)
        self.assertEqual(state, {"operation_id": last, "status": "completed"})
        self.assertEqual(self.count(client), 200)
        server.kill()  # what is completed survives
        server.start()
        client = self.client(server)
        self.assertEqual(self.count(client), 200)
        self.assertEqual(client.get(path).result["status"], "completed")
        self.assertEqual(client.get(f"/collections/docs/operations/{last + 50}").status, 404)


if __name__ == "__main__":
    unittest.main()
