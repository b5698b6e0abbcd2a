# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Multivectors, and elements that are no float32, over REST and across starts."""

import math
import pathlib
import random
import tempfile
import unittest

from thespis_server import Server, wait_green

WORDS = {"size": 3, "distance": "Dot", "multivector_config": {"comparator": "max_sim"}}


def max_sim(query, rows):
    """The score by its definition, for Dot."""
    return sum(max(sum(a * b for a, b in zip(q, r)) for r in rows) for q in query)


class MultivectorTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data_dir = pathlib.Path(folder.name) / "data"
        self.source = random.Random(5)

    def client(self, server):
        client = server.client()
        self.addCleanup(client.close)
        return client

    def rows(self, count):
        # Numbers that a float32 has, so that scores are what Python makes of them.
        return [[self.source.randrange(-64, 64) / 16 for _ in range(3)] for _ in range(count)]

    def create(self, client, name="texts", **vectors):
        answer = client.put(f"/collections/{name}", {"vectors": vectors})
        self.assertEqual(answer.status, 200, answer.body)

    def check_refused(self, answer, status, *words):
        self.assertEqual(answer.status, status, answer.body[:500])
        for word in words:
            self.assertIn(word, answer.json["status"]["error"])

    def search(self, client, query, limit=10, **more):
        body = {"query": query, "using": "words", "limit": limit, **more}
        answer = client.post("/collections/texts/points/query", body)
        self.assertEqual(answer.status, 200, answer.body[:500])
        return [(hit["id"], hit["score"]) for hit in answer.result["points"]]

    def check_searches(self, client, points):
        for count in (1, 2, 12):
            query = self.rows(count)
            truth = sorted(((i, max_sim(query, rows)) for i, rows in points.items()),
                           key=lambda hit: (-hit[1], hit[0]))[:10]
            for exact in (False, True):
                found = self.search(client, query, params={"exact": exact})
                self.assertEqual([hit[0] for hit in found], [hit[0] for hit in truth])
                for hit, wanted in zip(found, truth):
                    self.assertTrue(math.isclose(hit[1], wanted[1], rel_tol=1e-4, abs_tol=1e-4))

    def test_points_with_many_rows_are_written_found_changed_and_kept(self):
        with Server(self.data_dir).start() as server:
            client = self.client(server)
            self.create(client, words=WORDS, image={"size": 2, "distance": "Euclid"})
            shown = client.get("/collections/texts").result["config"]["params"]["vectors"]
            self.assertEqual(shown["words"]["multivector_config"], {"comparator": "max_sim"})
            points = {i: self.rows(1 + i % 7) for i in range(100)}
            body = [{"id": i, "vector": {"words": rows, "image": [i, 0]}}
                    for i, rows in points.items()]
            self.assertEqual(client.put("/collections/texts/points", {"points": body}).status, 200)
            self.check_searches(client, points)
            wait_green(client, "texts")
            self.check_searches(client, points)

            # A list of numbers is one row; a stored point is left out of its own answer.
            row = self.rows(1)[0]
            self.assertEqual(self.search(client, row), self.search(client, [row]))
            self.assertNotIn(7, [hit[0] for hit in self.search(client, 7, limit=100)])
            page = self.search(client, [row], limit=5, offset=3)
            self.assertEqual(page, self.search(client, [row], limit=8)[3:])
            bound = page[2][1]
            for hit in self.search(client, [row], limit=100, score_threshold=bound):
                self.assertGreaterEqual(hit[1], bound)

            points[3] = self.rows(9)
            self.assertEqual(client.put("/collections/texts/points/vectors", {
                "points": [{"id": 3, "vector": {"words": points[3]}}]}).status, 200)
            self.assertEqual(client.post("/collections/texts/points/vectors/delete", {
                "points": [4], "vector": ["words"]}).status, 200)
            del points[4]
            self.assertEqual(client.post("/collections/texts/points/delete",
                                         {"points": [5]}).status, 200)
            del points[5]
            self.check_searches(client, points)
            kept = client.get("/collections/texts/points/3").result["vector"]
            self.assertEqual(kept, {"words": points[3], "image": [3, 0]})
            kept = client.get("/collections/texts/points/4").result["vector"]
            self.assertEqual(kept, {"image": [4, 0]})

            self.assertEqual(server.stop(), 0, server.output())
            saved = [path for path in pathlib.Path(self.data_dir).rglob("*.row-index")]
            self.assertEqual(len(saved), 1)
            server.start()
            shown = self.client(server).get("/collections/texts").result
            words = next(one for one in shown["indexes"] if one["vector"] == "words")
            self.assertGreater(words["indexed_slots"], 0)
            self.assertEqual(words["tail_slots"], 0)
            self.check_searches(self.client(server), points)
            server.kill()
            server.start()
            client = self.client(server)
            self.check_searches(client, points)
            kept = client.get("/collections/texts/points/3").result["vector"]
            self.assertEqual(kept, {"words": points[3], "image": [3, 0]})
            self.assertEqual(server.stop(), 0, server.output())

    def test_what_is_no_multivector_is_refused(self):
        with Server(self.data_dir).start() as server:
            client = self.client(server)
            self.check_refused(client.put("/collections/x", {"vectors": {
                **WORDS, "multivector_config": {"comparator": "min_sim"}}}), 400, "min_sim")
            self.check_refused(client.put("/collections/x", {"vectors": {
                **WORDS, "on_disk": True}}), 400, "on_disk", "multivector_config")
            self.create(client, words=WORDS)

            def put(rows):
                return client.put("/collections/texts/points",
                                  {"points": [{"id": 1, "vector": {"words": rows}}]})
            self.check_refused(put([[1, 2, 3], [1, 2]]), 400, "points[0]")
            self.check_refused(put([[1, 2], [1, 2]]), 400, "2 dimensions, expected 3")
            self.check_refused(put([]), 400)
            self.check_refused(put([[1, 2, 3], [1, 2, 1e19]]), 400, "length")
            self.check_refused(put([[1, 2, 3]] * 4097), 400, "4097 rows, at most 4096")
            self.check_refused(put({"indices": [1], "values": [1]}), 400)
            self.assertEqual(client.post("/collections/texts/points/count",
                                         {"exact": True}).result["count"], 0)
            self.assertEqual(server.stop(), 0, server.output())

    def test_halves_and_bytes_are_told_as_they_are_kept(self):
        with Server(self.data_dir).start() as server:
            client = self.client(server)
            self.create(client, half={"size": 2, "distance": "Dot", "datatype": "float16"},
                        byte={"size": 2, "distance": "Euclid", "datatype": "uint8"})
            shown = client.get("/collections/texts").result["config"]["params"]["vectors"]
            self.assertEqual(shown["half"]["datatype"], "float16")
            self.assertEqual(shown["byte"]["datatype"], "uint8")
            self.assertEqual(client.put("/collections/texts/points", {"points": [
                {"id": 1, "vector": {"half": [0.1, 2049], "byte": [7.9, 255]}}]}).status, 200)
            for bad in ({"half": [70000, 1]}, {"byte": [256, 1]}, {"byte": [-1, 1]}):
                self.check_refused(client.put("/collections/texts/points", {
                    "points": [{"id": 2, "vector": bad}]}), 400, "element 0")
            for start in range(2):
                if start:
                    self.assertEqual(server.stop(), 0, server.output())
                    server.start()
                    client = self.client(server)
                kept = client.get("/collections/texts/points/1").result["vector"]
                self.assertEqual(kept, {"half": [0.099975586, 2048], "byte": [7, 255]})
                hit = client.post("/collections/texts/points/query", {
                    "query": [4, 255], "using": "byte"}).result["points"][0]
                self.assertEqual(hit["score"], 3)
            self.assertEqual(server.stop(), 0, server.output())


if __name__ == "__main__":
    unittest.main()
