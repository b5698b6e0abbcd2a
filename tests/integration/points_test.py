# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Every write of points over REST, alone and in batches, and what a kill leaves of them."""

import pathlib
import random
import tempfile
import unittest

from thespis_server import Server


def whole(key, value, payload=None):
    return {"id": key, "vector": {"image": [value, 0.0], "text": [value, 1.0, 2.0]},
            "payload": payload or {}}


class PointsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = Server(pathlib.Path(cls.folder.name) / "data").start()

    @classmethod
    def tearDownClass(cls):
        status = cls.server.stop()
        output = cls.server.output()
        cls.server.__exit__()
        cls.folder.cleanup()
        assert status == 0, f"the server ended with {status}:\n{output}"

    def setUp(self):
        self.client = self.server.client()
        self.addCleanup(self.client.close)
        self.make()

    def make(self):
        self.client.put("/collections/docs", {"vectors": {
            "image": {"size": 2, "distance": "Euclid"},
            "text": {"size": 3, "distance": "Dot"}}})
        self.addCleanup(self.drop)
        self.path = "/collections/docs/points"

    def drop(self):
        client = self.server.client()
        client.delete("/collections/docs")
        client.close()

    def write(self, method, path, body, affected):
        for options in ("", "?wait=true", "?ordering=strong&wait=true"):
            answer = self.client.request(method, self.path + path + options, body)
            result = answer.result
            self.assertEqual(set(result), {"operation_id", "status", "affected"})
            self.assertEqual(result["status"], "completed")
            self.assertEqual(result["affected"], affected)
            if "if_version" in str(body):
                break
        return result["operation_id"]

    def put(self, *points):
        return self.write("PUT", "", {"points": list(points)}, len(points))

    def get(self, key):
        return self.client.get(f"{self.path}/{key}").result

    def check_refused(self, answer, status, *words):
        self.assertEqual(answer.status, status, answer.body[:500])
        for word in words:
            self.assertIn(word, answer.json["status"]["error"])

    def near(self, using, vector):
        body = {"query": vector, "using": using, "limit": 100}
        return [hit["id"] for hit in
                self.client.post(f"{self.path}/query", body).result["points"]]

    def test_vectors_of_points(self):
        self.put(whole(1, 1.0, {"a": 1}), whole("key", 2.0))
        version = self.write("PUT", "/vectors", {"points": [
            {"id": 1, "vector": {"text": [5, 5, 5]}}]}, 1)
        self.assertEqual(self.get(1), {"id": 1, "version": version, "payload": {"a": 1},
                                       "vector": {"image": [1, 0], "text": [5, 5, 5]}})
        self.write("POST", "/vectors/delete", {"points": [1, "key"], "vector": ["image"]}, 2)
        self.assertEqual(self.get("key")["vector"], {"text": [2, 1, 2]})
        self.assertEqual(self.near("image", [1, 0]), [])
        self.assertEqual(sorted(self.near("text", [1, 0, 0]), key=str), [1, "key"])
        self.write("POST", "/vectors/delete", {"points": [1], "vector": ["text"]}, 1)
        self.assertEqual(self.get(1)["vector"], {})
        self.assertEqual(self.client.post(f"{self.path}/scroll", {"with_vector": ["image"]})
                         .result["points"][0]["vector"], {})
        self.put({"id": 9, "vector": {}}, {"id": 10, "vector": {"image": [3, 3]}})
        self.assertEqual(self.near("image", [3, 3]), [10])
        answer = self.client.put(f"{self.path}/vectors", {"points": [
            {"id": 1, "vector": {"text": [1, 1, 1]}}, {"id": 77, "vector": {"text": [1, 1, 1]}}]})
        self.check_refused(answer, 404, "'docs'", "point 77")
        self.assertEqual(self.get(1)["vector"], {})
        body = {"points": [1], "vector": ["sound"]}
        self.check_refused(self.client.post(f"{self.path}/vectors/delete", body), 400, "'sound'")
        body = {"points": [1], "vector": []}
        self.check_refused(self.client.post(f"{self.path}/vectors/delete", body), 400, "'vector'")

    def test_payloads_of_points(self):
        self.put(whole(1, 1.0, {"a": 1.0, "list": [{"x": 1, "y": 2}, {"y": 3}]}), whole(2, 2.0))
        slots = self.client.get("/collections/docs").result["tombstones_count"]
        self.write("POST", "/payload", {"payload": {"b": {"c": 2}}, "points": [1, 2]}, 2)
        self.assertEqual(self.get(2)["payload"], {"b": {"c": 2}})
        self.write("POST", "/payload", {"payload": {"d": 3}, "points": [1], "key": "b"}, 1)
        self.assertEqual(self.get(1)["payload"]["b"], {"c": 2, "d": 3})
        self.write("POST", "/payload", {"payload": {"n": 4}, "points": [2], "key": "x.y"}, 1)
        self.assertEqual(self.get(2)["payload"], {"b": {"c": 2}, "x": {"y": {"n": 4}}})
        self.write("PUT", "/payload", {"payload": {"z": 0}, "points": [1], "key": "b.c"}, 1)
        self.assertEqual(self.get(1)["payload"]["b"], {"c": {"z": 0}, "d": 3})
        self.write("POST", "/payload/delete", {"keys": ["list[].y", "b.d"], "points": [1]}, 1)
        self.assertEqual(self.get(1)["payload"],
                         {"a": 1.0, "list": [{"x": 1}, {}], "b": {"c": {"z": 0}}})
        self.assertIn(b'"a":1.0', self.client.get(f"{self.path}/1").body)
        self.write("PUT", "/payload", {"payload": {"new": True}, "points": [1]}, 1)
        self.assertEqual(self.get(1)["payload"], {"new": True})
        version = self.write("POST", "/payload/clear", {"points": [1, 2]}, 2)
        self.assertEqual(self.get(1), {"id": 1, "version": version, "payload": {},
                                       "vector": {"image": [1, 0], "text": [1, 1, 2]}})
        info = self.client.get("/collections/docs").result
        self.assertEqual(info["tombstones_count"], slots)

    def test_refusals_of_payload_writes(self):
        self.put(whole(1, 1.0, {"a": 1}))
        version = self.get(1)["version"]
        for path, body, status, words in (
                ("/payload", {"payload": {"x": 1}, "points": [1, 5]}, 404, ["point 5"]),
                ("/payload/clear", {"points": [1, "no"]}, 404, ["point no"]),
                ("/payload/delete", {"keys": ["a"], "points": [1, 5]}, 404, ["point 5"]),
                ("/payload/delete", {"keys": ["a[0]"], "points": [1]}, 400, ["a[0]"]),
                ("/payload/delete", {"keys": ["a..b"], "points": [1]}, 400, ["a..b", "keys[0]"]),
                ("/payload/delete", {"points": [1]}, 400, ["'keys'"]),
                ("/payload", {"payload": {"x": 1}, "points": [1], "key": ""}, 400, ["key"]),
                ("/payload", {"payload": None, "points": [1]}, 400, ["payload", "object"]),
                ("/payload", {"payload": [1], "points": [1]}, 400, ["payload", "object"]),
                ("/payload", {"points": [1]}, 400, ["'payload'"]),
                ("/payload", {"payload": {"x": 1}}, 400, ["'points'"]),
                ("/payload", {"payload": {"x": 1}, "points": [1], "ponits": 2}, 400, ["ponits"])):
            self.check_refused(self.client.post(self.path + path, body), status, *words)
        self.assertEqual(self.get(1)["payload"], {"a": 1})
        self.assertEqual(self.get(1)["version"], version)

    def test_modes_and_expected_versions(self):
        self.put(whole(1, 1.0))
        body = {"points": [whole(1, 7.0), whole(2, 7.0)], "update_mode": "insert_only"}
        self.assertEqual(self.client.put(self.path, body).result["affected"], 1)
        self.assertEqual(self.get(1)["vector"]["image"], [1, 0])
        body = {"points": [whole(1, 8.0), whole(3, 8.0)], "update_mode": "update_only"}
        self.assertEqual(self.client.put(self.path, body).result["affected"], 1)
        self.assertEqual(self.get(1)["vector"]["image"], [8, 0])
        self.assertEqual(self.client.get(f"{self.path}/3").status, 404)
        body["update_mode"] = "sometimes"
        self.check_refused(self.client.put(self.path, body), 400, "insert_only")
        version = self.get(1)["version"]
        stale = {"points": [whole(4, 4.0), {**whole(1, 9.0), "if_version": version - 1}]}
        answer = self.client.put(self.path, stale)
        self.check_refused(answer, 409, f"point 1 has version {version}", f"version {version - 1}")
        self.assertEqual(answer.json["status"]["code"], "conflict")
        self.assertEqual(self.client.get(f"{self.path}/4").status, 404)
        stale["points"][1]["if_version"] = version
        self.assertEqual(self.client.put(self.path, stale).result["affected"], 2)
        gone = {"points": [4, {"id": 1, "if_version": version}]}
        self.check_refused(self.client.post(f"{self.path}/delete", gone), 409, "point 1")
        gone["points"][1]["if_version"] = self.get(1)["version"]
        self.assertEqual(self.client.post(f"{self.path}/delete", gone).result["affected"], 2)

    def test_a_bad_point_anywhere_changes_nothing_and_is_named(self):
        self.put(whole(1, 1.0))
        before = self.get(1)
        for bad in ({"id": 66, "vector": {"image": [1, 2, 3]}}, {"id": 66, "vector": {"no": [1]}}):
            points = [whole(number, 5.0) for number in range(60)] + [bad] + \
                     [whole(number, 5.0) for number in range(70, 90)]
            self.check_refused(self.client.put(self.path, {"points": points}), 400, "point 66")
        self.assertEqual(self.get(1), before)
        self.assertEqual(self.client.post(f"{self.path}/count", {}).result["count"], 1)

    def test_filters_and_conditions(self):
        self.put(whole(1, 1.0, {"k": 1}), whole(2, 2.0, {"k": 2}), whole(3, 3.0, {"k": 2}))
        two = {"must": [{"key": "k", "match": {"value": 2}}]}
        self.write("POST", "/payload", {"payload": {"n": {"m": 1}}, "filter": two}, 2)
        self.assertEqual(self.get(3)["payload"], {"k": 2, "n": {"m": 1}})
        self.assertEqual(self.get(1)["payload"], {"k": 1})
        self.write("POST", "/vectors/delete", {"vector": ["image"], "filter": two}, 2)
        only = {"must": [{"has_vector": "image"}]}
        self.write("PUT", "/payload", {"payload": {"whole": True}, "filter": only}, 1)
        self.write("POST", "/payload/clear", {"filter": {"must": [{"has_id": [3, 99]}]}}, 1)
        body = {"points": [whole(2, 8.0, {"k": 2}), whole(9, 9.0)], "update_filter": two}
        self.assertEqual(self.client.put(self.path, body).result["affected"], 2)
        body["update_filter"] = {"must_not": [{"key": "k", "match": {"value": 2}}]}
        body["points"] = [whole(2, 7.0), whole(9, 7.0)]
        self.assertEqual(self.client.put(self.path, body).result["affected"], 1)
        self.assertEqual(self.get(2)["vector"]["image"], [8, 0])
        batch = {"operations": [
            {"upsert": {"points": [whole(5, 5.0, {"k": 5})]}},
            {"set_payload": {"payload": {"seen": 1},
                             "filter": {"must": [{"key": "k", "range": {"gte": 2}}]}}},
            {"delete": {"filter": {"must_not": [{"key": "seen", "match": {"value": 1}}]}}}]}
        results = self.client.post(f"{self.path}/batch", batch).result
        self.assertEqual([one["affected"] for one in results], [1, 2, 3])
        self.assertEqual(self.client.post(f"{self.path}/ids", {}).result["ids"], [2, 5])
        both = {"points": [2], "filter": {}}
        self.check_refused(self.client.post(f"{self.path}/delete", both), 400, "not both")
        bad = {"filter": {"must": [{"key": "k", "match": {"valve": 1}}]}}
        self.check_refused(self.client.post(f"{self.path}/payload/clear", bad), 400, "valve")
        self.assertEqual(self.client.post(f"{self.path}/delete", {"filter": {}}).result["affected"],
                         2)

    def test_batches(self):
        self.put(whole(1, 1.0, {"a": 1}), whole(2, 2.0))
        batch = {"operations": [
            {"upsert": {"points": [whole(3, 3.0, {"x": 1, "y": 2})]}},
            {"set_payload": {"payload": {"b": 2}, "points": [1, 3]}},
            {"delete_payload": {"keys": ["x"], "points": [3]}},
            {"update_vectors": {"points": [{"id": 3, "vector": {"image": [9, 9]}}]}},
            {"delete": {"points": [2, 99]}},
            {"overwrite_payload": {"payload": {"c": 3}, "points": [1]}},
            {"delete_vectors": {"points": [1], "vector": ["text"]}},
            {"upsert": {"batch": {"ids": [4], "vectors": {"image": [[4, 4]]},
                                  "payloads": [{"q": 1}]}}},
            {"clear_payload": {"points": [4]}}]}
        results = self.client.post(f"{self.path}/batch?wait=true", batch).result
        self.assertEqual([one["affected"] for one in results], [1, 2, 1, 1, 1, 1, 1, 1, 1])
        self.assertEqual({one["status"] for one in results}, {"completed"})
        versions = {one["operation_id"] for one in results}
        self.assertEqual(versions, {self.get(key)["version"] for key in (1, 3, 4)})
        self.assertEqual(self.get(1)["payload"], {"c": 3})
        self.assertEqual(self.get(1)["vector"], {"image": [1, 0]})
        self.assertEqual(self.get(3)["payload"], {"y": 2, "b": 2})
        self.assertEqual(self.get(3)["vector"]["image"], [9, 9])
        self.assertEqual(self.get(4), {"id": 4, "version": versions.pop(), "payload": {},
                                       "vector": {"image": [4, 4]}})
        self.assertEqual(self.client.get(f"{self.path}/2").status, 404)
        self.assertEqual(self.client.post(f"{self.path}/batch", {"operations": []}).result, [])

    def test_a_bad_operation_of_a_batch_changes_nothing(self):
        self.put(whole(1, 1.0))
        before = self.get(1)
        good = {"upsert": {"points": [whole(1, 5.0), whole(2, 5.0)]}}
        for bad, status, words in (
                ({"set_payload": {"payload": {"a": 1}, "points": [7]}}, 404, ["point 7"]),
                ({"update_vectors": {"points": [{"id": 1, "vector": {"text": [1]}}]}}, 400,
                 ["point 1", "dimensions"]),
                ({"delete": {"points": [{"id": 1, "if_version": 1}]}}, 409, ["point 1"]),
                ({"truncate": {}}, 400, ["truncate"]),
                ({}, 400, []), ({**good, "delete": {"points": [1]}}, 400, []),
                ({"delete": {"points": [{"if_version": 1}]}}, 400, ["'id'"])):
            answer = self.client.post(f"{self.path}/batch", {"operations": [good, bad, good]})
            self.check_refused(answer, status, "operations[1]", *words)
        self.assertEqual(self.get(1), before)
        self.assertEqual(self.client.get(f"{self.path}/2").status, 404)

    def test_acknowledged_batches_survive_a_kill(self):
        source = random.Random(7)
        self.put(*[whole(key, float(key)) for key in range(50)])
        last = {}
        for round_number in range(3):
            for number in range(40):
                some = source.sample(range(50), 5)
                mark = {"mark": round_number * 100 + number}
                batch = {"operations": [
                    {"set_payload": {"payload": mark, "points": some}},
                    {"delete_vectors": {"points": some[:2], "vector": ["image", "text"]}},
                    {"update_vectors": {"points": [
                        {"id": some[2], "vector": {"image": [number, number]}}]}}]}
                self.client.post(f"{self.path}/batch", batch).result
                for key in some:
                    last[key] = mark
            before = self.client.post(f"{self.path}/scroll", {
                "limit": 100, "with_vector": True}).result["points"]
            self.server.kill()
            self.server.start()
            self.client = self.server.client()
            self.addCleanup(self.client.close)
            after = self.client.post(f"{self.path}/scroll", {
                "limit": 100, "with_vector": True}).result["points"]
            self.assertEqual(after, before)
            for point in after:
                self.assertEqual(point["payload"], last.get(point["id"], {}))


if __name__ == "__main__":
    unittest.main(verbosity=2)
