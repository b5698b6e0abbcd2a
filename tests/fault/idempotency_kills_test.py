# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A server dies between a write and its answer; the repeat under the same key must not do it twice.

Needs a build with fail points.
"""

import http.client
import pathlib
import random
import signal
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from thespis_server import Server

POINTS = "/collections/docs/points"
SCHEMA = {"vectors": {"size": 2, "distance": "Euclid"}}
KEY = {"Idempotency-Key": "the-write"}
# Steps of a write of points; from the first of the latter on it is durable.
BEFORE_DURABLE = ("write.note_put", "write.entry_put", "write.committed", "collection.stored")
DURABLE = ("flusher.synced", "collection.published", "collection.answered")
FLUSH_MS = 400
RANDOM_KILLS = 12
WRITERS = 4


class Sent:
    """A write of a point of its own under a key of its own; `told` is the answer."""

    def __init__(self, kill, writer, number):
        self.point = 1_000_000 * kill + 10_000 * writer + number + 10
        self.told = None

    def send(self, client):
        body = {"points": [{"id": self.point, "vector": [self.point, 1]}]}
        return client.put(f"{POINTS}?wait=true", body,
                          headers={"Idempotency-Key": f"point-{self.point}"}).result


class Writer(threading.Thread):
    """Writes one point after the other until the server is gone."""

    def __init__(self, server, kill, number):
        super().__init__()
        self.client = server.client()
        self.kill = kill
        self.number = number
        self.sent = []

    def run(self):
        try:
            while True:
                self.sent.append(Sent(self.kill, self.number, len(self.sent)))
                self.sent[-1].told = self.sent[-1].send(self.client)
        except (OSError, http.client.HTTPException):
            self.client.close()


class KillsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="thespis-once-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def server(self, name):
        """A server on a folder of its own that has the collection "docs" with the point 1."""
        server = Server(self.folder / name)
        self.addCleanup(server.__exit__)
        client = server.start().client()
        client.put("/collections/docs", SCHEMA)
        client.put(f"{POINTS}?wait=true", {"points": [{"id": 1, "vector": [0, 1]}]})
        client.close()
        self.assertEqual(server.stop(), 0)
        return server

    def restart(self, server, points=""):
        server.environment = {"THESPIS_FAIL_POINTS": points}
        client = server.start().client()
        self.addCleanup(client.close)
        return client

    def die_at(self, server, step, method, path, body):
        """Sends a request with the key, of which the server dies."""
        client = self.restart(server, f"{step}=kill")
        try:
            answer = client.request(method, path, body, headers=KEY)
            self.assertEqual((step, answer.status), ("collection.answered", 200))
        except (OSError, http.client.HTTPException):
            pass
        self.assertEqual(server.wait_exit(), -signal.SIGKILL)
        server.process = None

    def shown(self, client, number):
        answer = client.post(POINTS, {"ids": [number]}).result
        return answer[0]["version"] if answer else None

    def test_points_are_written_once_however_the_server_dies(self):
        body = {"points": [{"id": 2, "vector": [1, 1]}, {"id": 3, "vector": [2, 1]}]}
        for step in BEFORE_DURABLE + DURABLE:
            with self.subTest(step=step):
                server = self.server(step)
                self.die_at(server, step, "PUT", f"{POINTS}?wait=true", body)
                client = self.restart(server)
                before = self.shown(client, 2)
                if step in DURABLE:
                    self.assertIsNotNone(before)
                first = client.put(f"{POINTS}?wait=true", body, headers=KEY).result
                if before is not None:
                    self.assertEqual(first["operation_id"], before)
                self.assertEqual(self.shown(client, 2), first["operation_id"])
                self.assertEqual(client.post(f"{POINTS}/count", {}).result["count"], 3)
                # If it were done again, the point would come back.
                client.post(f"{POINTS}/delete?wait=true", {"points": [2]})
                server.kill()
                client = self.restart(server)
                again = client.put(f"{POINTS}?wait=true", body, headers=KEY).result
                self.assertEqual(again, first)
                self.assertIsNone(self.shown(client, 2))
                self.assertEqual(client.post(f"{POINTS}/count", {}).result["count"], 2)
                server.kill()

    def test_a_deletion_is_done_once(self):
        body = {"points": [1]}
        server = self.server("deletion")
        self.die_at(server, "collection.published", "POST", f"{POINTS}/delete?wait=true", body)
        client = self.restart(server)
        self.assertIsNone(self.shown(client, 1))
        client.put(f"{POINTS}?wait=true", {"points": [{"id": 1, "vector": [5, 5]}]})
        answer = client.post(f"{POINTS}/delete?wait=true", body, headers=KEY).result
        self.assertEqual(answer["status"], "completed")
        self.assertIsNotNone(self.shown(client, 1))

    def test_collections_are_dropped_and_made_once(self):
        server = self.server("drop")
        self.die_at(server, "drop.durable", "DELETE", "/collections/docs", None)
        client = self.restart(server)
        self.assertIs(client.put("/collections/docs", SCHEMA).result, True)
        self.assertIs(client.delete("/collections/docs", headers=KEY).result, True)
        self.assertIs(client.get("/collections/docs/exists").result["exists"], True)

        server = self.server("create")
        self.die_at(server, "create.durable", "PUT", "/collections/made", SCHEMA)
        client = self.restart(server)
        self.assertIs(client.delete("/collections/made").result, True)
        self.assertIs(client.put("/collections/made", SCHEMA, headers=KEY).result, True)
        self.assertIs(client.get("/collections/made/exists").result["exists"], False)

    def test_changes_of_whole_collections_are_made_once(self):
        alias = {"alias_name": "live", "collection_name": "docs"}
        back = {"actions": [{"delete_alias": {"alias_name": "live"}}]}
        server = self.server("alias")
        self.die_at(server, "alias.durable", "POST", "/collections/aliases",
                    {"actions": [{"create_alias": alias}]})
        client = self.restart(server)
        self.assertEqual(client.get("/aliases").result["aliases"], [alias])
        client.post("/collections/aliases", back)
        again = client.post("/collections/aliases", {"actions": [{"create_alias": alias}]},
                            headers=KEY)
        self.assertIs(again.result, True)
        self.assertEqual(client.get("/aliases").result["aliases"], [])

        server = self.server("rename")
        self.die_at(server, "rename.durable", "POST", "/collections/docs/rename", {"name": "new"})
        client = self.restart(server)
        client.post("/collections/new/rename", {"name": "docs"})
        again = client.post("/collections/docs/rename", {"name": "new"}, headers=KEY)
        self.assertIs(again.result, True)
        self.assertIsNotNone(self.shown(client, 1))

        server = self.server("truncate")
        self.die_at(server, "truncate.durable", "POST", "/collections/docs/truncate", None)
        client = self.restart(server)
        self.assertIsNone(self.shown(client, 1))
        client.put(f"{POINTS}?wait=true", {"points": [{"id": 1, "vector": [5, 5]}]})
        again = client.post("/collections/docs/truncate", None, headers=KEY)
        self.assertIs(again.result, True)
        self.assertIsNotNone(self.shown(client, 1))

    def test_a_copy_is_made_once(self):
        for step, made in (("copy.caught_up", False), ("copy.durable", True)):
            server = self.server(step)
            path, body = "/collections/docs/copy", {"name": "twin"}
            self.die_at(server, step, "POST", path, body)
            client = self.restart(server)
            exists = client.get("/collections/twin/exists").result["exists"]
            self.assertIs(exists, made, step)
            if made:
                client.delete("/collections/twin")
            told = client.post(path, body, headers=KEY).result
            self.assertEqual((told["status"], told["points_copied"], told["points_expected"]),
                             ("completed", 1, 1))
            self.assertIs(client.get("/collections/twin/exists").result["exists"], not made)
            server.kill()

    def test_kills_at_random_moments(self):
        seed = random.randrange(2**32)
        source = random.Random(seed)
        server = self.server("random")
        for kill in range(RANDOM_KILLS):
            self.restart(server)
            writers = [Writer(server, kill, number) for number in range(WRITERS)]
            for writer in writers:
                writer.start()
            time.sleep(source.uniform(0.02, 0.5))
            server.kill()
            client = self.restart(server)
            for writer in writers:
                writer.join()
                with self.subTest(seed=seed, kill=kill, writer=writer.number):
                    self.check_writer(client, writer)
            server.kill()

    def check_writer(self, client, writer):
        """The last write of a writer had no answer, the one before it had."""
        for sent in writer.sent[-2:]:
            before = self.shown(client, sent.point)
            if sent.told is not None:
                self.assertEqual(before, sent.told["operation_id"])
            first = sent.send(client)
            self.assertEqual(first, sent.told or first)
            self.assertEqual(first["operation_id"], before or self.shown(client, sent.point))
            client.post(f"{POINTS}/delete?wait=true", {"points": [sent.point]})
            self.assertEqual(sent.send(client), first)
            self.assertIsNone(self.shown(client, sent.point))

    def test_while_the_disk_is_slow(self):
        server = self.server("slow")
        client = self.restart(server, f"flusher.synced=wait:{FLUSH_MS}@always")
        # Who waits holds the key until the write is durable; whoever repeats it is told so.
        body = {"points": [{"id": 8, "vector": [8, 8]}]}
        answers = []
        other = server.client()
        self.addCleanup(other.close)
        sender = threading.Thread(target=lambda: answers.append(
            other.put(f"{POINTS}?wait=true", body, headers=KEY)))
        sender.start()
        time.sleep(0.1)
        refused = client.put(f"{POINTS}?wait=true", body, headers=KEY)
        while (early := client.put(f"{POINTS}?wait=true", body, headers=KEY)).status == 409:
            time.sleep(0.02)
        sender.join()
        self.assertEqual(refused.status, 409)
        self.assertEqual(refused.headers["Retry-After"], "1")
        self.assertIn("still in progress", refused.json["status"]["error"])
        self.assertEqual(early.result, answers[0].result)
        # Who does not wait has the answer before, and nobody sees the write.
        began = time.monotonic()
        answer = client.put(f"{POINTS}?wait=false", {"points": [{"id": 9, "vector": [9, 9]}]})
        took_s = time.monotonic() - began
        self.assertEqual(answer.result["status"], "acknowledged")
        path = f"/collections/docs/operations/{answer.result['operation_id']}"
        state = client.get(path).result["status"]
        seen = self.shown(client, 9)
        if time.monotonic() - began < FLUSH_MS / 1000:
            self.assertLess(took_s, FLUSH_MS / 1000)
            self.assertEqual((state, seen), ("acknowledged", None))
        while client.get(path).result["status"] != "completed":
            time.sleep(0.02)
        self.assertEqual(self.shown(client, 9), answer.result["operation_id"])


if __name__ == "__main__":
    unittest.main()
