# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Parameters of a collection change while it is searched and written, stopped and killed."""

import pathlib
import random
import tempfile
import threading
import time
import unittest

from restart_test import DIM, float32, load, nearest, random_points, search
from thespis_server import Server, wait_green

POINTS = 6000
CODES = {"scalar": {"type": "int8"}}


class AlterTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        seed = random.randrange(2**32)
        print(f"{self.id()}: seed {seed}", flush=True)
        self.source = random.Random(seed)
        self.points = random_points(seed, POINTS)
        self.server = Server(pathlib.Path(folder.name) / "data")
        self.server.start()
        self.addCleanup(self.server.kill)

    def client(self):
        client = self.server.client()
        self.addCleanup(client.close)
        return client

    def check_answers(self, client, recall_least=0.95):
        found = 0
        for _ in range(10):
            query = [float32(self.source.gauss(0, 1)) for _ in range(DIM)]
            expected = nearest(self.points, query, 10)
            self.assertEqual(search(client, query, exact=True), expected)
            found += len(set(search(client, query, hnsw_ef=200)) & set(expected))
        self.assertGreaterEqual(found / 100, recall_least)

    def test_searches_and_writes_go_on_while_an_index_is_made_anew(self):
        client = self.client()
        load(client, self.points)
        wait_green(client, "docs")
        done = threading.Event()
        failures = []
        searches = 0

        def search_on():
            nonlocal searches
            reader = self.server.client()
            source = random.Random(1)
            while not done.is_set():
                one = source.choice(self.points[:POINTS])
                if search(reader, one["vector"], 1, hnsw_ef=200) != [one["id"]]:
                    failures.append(one["id"])
                searches += 1
            reader.close()

        reader = threading.Thread(target=search_on)
        reader.start()
        try:
            change = {"vectors": {"": {"hnsw_config": {"m": 40, "ef_construct": 200}}},
                      "quantization_config": CODES, "metadata": {"owner": "me"}}
            self.assertIs(client.request("PATCH", "/collections/docs", change).result, True)
            info = client.get("/collections/docs").result
            self.assertEqual(info["config"]["params"]["vectors"]["hnsw_config"]["m"], 40)
            self.assertEqual(info["status"], "yellow")
            self.assertIn("made anew", info["status_detail"])
            fresh = random_points(self.source.randrange(2**32), 500)
            for number, point in enumerate(fresh):
                point["id"] = POINTS + number
                answer = client.put("/collections/docs/points?wait=true", {"points": [point]})
                self.assertEqual(answer.result["status"], "completed")
            self.points += fresh
            self.check_answers(client)
            wait_green(client, "docs")
        finally:
            done.set()
            reader.join()
        self.assertGreater(searches, 100)
        # A walk may miss a point now and then, as before.
        self.assertLess(len(failures), searches / 100)
        self.check_answers(client)
        info = client.get("/collections/docs").result
        self.assertEqual(info["config"]["metadata"], {"owner": "me"})
        self.assertEqual(info["indexes"][0]["tail_slots"], 0)
        self.assertEqual(info["indexes"][0]["quantizer"], "sq8")

    def test_a_kill_while_an_index_is_made_anew_loses_nothing(self):
        client = self.client()
        load(client, self.points)
        wait_green(client, "docs")
        for m, pause_s in ((20, 0), (24, 0.2), (28, 0.6)):
            change = {"hnsw_config": {"m": m}}
            self.assertIs(client.request("PATCH", "/collections/docs", change).result, True)
            time.sleep(pause_s)
            self.server.kill()
            self.server.start()
            client = self.client()
            info = client.get("/collections/docs").result
            self.assertEqual(info["config"]["hnsw_config"]["m"], m)
            self.assertEqual(info["points_count"], POINTS)
            self.check_answers(client)
        wait_green(client, "docs")
        self.check_answers(client)

    def test_vectors_go_to_the_disk_and_back(self):
        client = self.client()
        load(client, self.points)
        wait_green(client, "docs")
        for on_disk in (True, False):
            change = {"vectors": {"": {"on_disk": on_disk}}}
            self.assertIs(client.request("PATCH", "/collections/docs", change).result, True)
            self.check_answers(client)
            wait_green(client, "docs")
            self.check_answers(client)
            params = client.get("/collections/docs").result["config"]["params"]
            self.assertIs(params["vectors"]["on_disk"], on_disk)

    def test_strict_mode_and_limits_hold_from_their_answer_on(self):
        client = self.client()
        load(client, self.points[:100])
        change = {"strict_mode_config": {"enabled": True, "max_query_limit": 5, "max_timeout": 7,
                                         "write_rate_limit": 3},
                  "limits": {"max_points": 101}}
        self.assertIs(client.request("PATCH", "/collections/docs", change).result, True)
        query = {"query": self.points[0]["vector"], "limit": 6}
        answer = client.request("POST", "/collections/docs/points/query", query)
        self.assertEqual(answer.status, 403)
        self.assertIn("max_query_limit allows at most 5", answer.json["status"]["error"])
        query["limit"] = 5
        answer = client.request("POST", "/collections/docs/points/query?timeout=8", query)
        self.assertEqual(answer.status, 403)
        answer = client.request("POST", "/collections/docs/points/query?timeout=7", query)
        self.assertEqual(answer.status, 200)
        body = {"points": self.points[99:102]}
        answer = client.request("PUT", "/collections/docs/points?wait=true", body)
        self.assertEqual(answer.status, 507)
        self.assertIn("limits.max_points is 101", answer.json["status"]["error"])
        body = {"points": self.points[99:101]}
        for status in (200, 200, 429):
            answer = client.request("PUT", "/collections/docs/points?wait=true", body)
            self.assertEqual(answer.status, status)
        self.assertIn("Retry-After", answer.headers)
        self.assertIn("write_rate_limit, 3 a minute", answer.json["status"]["error"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
