# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What the HTTP edge of a real server answers, good requests and bad ones."""

import concurrent.futures
import http.client
import json
import pathlib
import random
import re
import socket
import struct
import subprocess
import tempfile
import threading
import time
import unittest

from thespis_server import Server, binary, wait_green

KEY = "a-key-for-tests-only"


class RestTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.server = Server(pathlib.Path(cls.folder.name) / "data", environment={
            "THESPIS__SERVER__REQUEST_BYTES_MAX": "1000000"}).start()

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

    def collection(self, name, size=4, distance="Euclid"):
        answer = self.client.put(f"/collections/{name}",
                                 {"vectors": {"size": size, "distance": distance}})
        self.assertIs(answer.result, True)
        self.addCleanup(self.client.delete, f"/collections/{name}")
        return f"/collections/{name}"

    def check_refused(self, answer, status, *words):
        self.assertEqual(answer.status, status, answer.body[:500])
        message = answer.json["status"]["error"]
        for word in words:
            self.assertIn(word, message)
        self.assertGreaterEqual(answer.json["time"], 0)

    def test_every_success_has_the_envelope_and_a_request_id(self):
        answer = self.client.get("/collections")
        self.assertEqual(set(answer.json), {"result", "status", "time"})
        self.assertEqual(answer.json["status"], "ok")
        first, second = answer.headers["x-request-id"], self.client.get("/").headers["x-request-id"]
        self.assertTrue(first and second and first != second)

    def test_health_and_version(self):
        for path in ("/healthz", "/livez", "/readyz", "/health", "/ready"):
            self.assertEqual(self.client.get(path).status, 200, path)
        root = self.client.get("/").json
        self.assertTrue(root["title"] and re.match(r"\d+\.\d+\.\d+", root["version"]))
        self.assertEqual(self.client.get("/version").status, 200)

    def test_metrics_are_prometheus_text(self):
        answer = self.client.get("/metrics")
        self.assertEqual(answer.status, 200)
        self.assertTrue(answer.headers["content-type"].startswith("text/plain"))
        lines = [line for line in answer.body.decode().splitlines() if line]
        sample = re.compile(r'^[a-zA-Z_:][\w:]*(\{.*\})? -?([\d.]+([eE][-+]?\d+)?|NaN|[+-]?Inf)$')
        self.assertTrue(any(sample.match(line) for line in lines))
        for line in lines:
            self.assertTrue(line.startswith("# ") or sample.match(line), line)

    def test_the_same_paths_under_v1(self):
        path = self.collection("versioned")
        self.assertEqual(self.client.get("/v1" + path).status, 200)
        self.assertEqual(self.client.get("/v1/collections").status, 200)

    def test_unknown_paths_and_wrong_methods(self):
        self.check_refused(self.client.get("/nothing/here"), 404)
        self.check_refused(self.client.delete("/collections"), 405)
        self.check_refused(self.client.get("/collections/absent"), 404, "absent")
        for answer in (self.client.get("/nothing/here"), self.client.delete("/collections")):
            self.assertIn("code", answer.json["status"])

    def test_encoded_bodies_and_fields_given_twice(self):
        path = self.collection("strict")
        packed = {"content-encoding": "gzip"}
        answer = self.client.put(f"{path}/points", b"\x1f\x8b", headers=packed)
        self.check_refused(answer, 415, "gzip")
        answer = self.client.post(f"{path}/points/query", '{"query":[1,2,3,4],"limit":1,"limit":2}')
        self.check_refused(answer, 400, "limit", "twice")

    def test_malformed_json_names_the_position(self):
        path = self.collection("malformed")
        answer = self.client.put(f"{path}/points", '{"points": [{"id": 1,, }]}')
        self.assertEqual(answer.status, 400)
        self.assertRegex(answer.json["status"]["error"], r"\d+")
        for body in ("", "{", "[]", "null", '{"points": 3}', '{"pionts": []}', "\xff"):
            answer = self.client.put(f"{path}/points", body.encode("latin-1"))
            self.check_refused(answer, 400)
        self.check_refused(self.client.post(f"{path}/points/query", "[" * 100_000), 400, "32")

    def test_numbers_that_are_no_vectors(self):
        path = self.collection("numbers")
        for vector in ("[1,2,3]", "[1,2,3,4,5]", "[1,2,3,NaN]", "[1,2,3,Infinity]", "[1,2,3,1e39]",
                       '[1,2,3,"4"]', "[1,2,3,null]", "[]", "7", "[[1,2,3,4]]"):
            body = '{"points":[{"id":1,"vector":%s}]}' % vector
            self.check_refused(self.client.put(f"{path}/points?wait=true", body), 400)
            self.check_refused(self.client.post(f"{path}/points/query", '{"query":%s}' % vector),
                               404 if vector == "7" else 400)
        self.assertEqual(self.client.post(f"{path}/points/count", {"exact": True}).result["count"],
                         0)

    def test_a_body_over_the_bound_is_refused(self):
        path = self.collection("large")
        body = json.dumps({"points": [{"id": 1, "vector": [1, 2, 3, 4],
                                       "payload": {"text": "x" * 1_000_000}}]})
        try:
            answer = self.client.put(f"{path}/points", body)
            self.check_refused(answer, 413, "1000000")
        except (BrokenPipeError, ConnectionResetError):
            self.fail("the answer was lost: the server closed before it was read")

    def test_point_ids_of_every_kind(self):
        path = self.collection("ids")
        ids = [0, 18446744073709551615, "0f8fad5b-d9cb-469f-a165-70867728950e", "a/b c?", "42"]
        for number, point_id in enumerate(ids):
            point = {"id": point_id, "vector": [number, 0, 0, 0]}
            answer = self.client.put(f"{path}/points?wait=true", {"points": [point]})
            self.assertEqual(answer.status, 200, answer.body)
        kept = self.client.post(f"{path}/points", {"ids": ids}).result
        self.assertEqual({point["id"] for point in kept}, set(ids))
        in_path = {"0": 0, "18446744073709551615": 18446744073709551615,
                   "0f8fad5b-d9cb-469f-a165-70867728950e": ids[2], "a%2Fb%20c%3F": "a/b c?",
                   "%2242%22": "42"}
        for text, point_id in in_path.items():
            self.assertEqual(self.client.get(f"{path}/points/{text}").result["id"], point_id)
        self.check_refused(self.client.get(f"{path}/points/42"), 404, "42")
        for wrong in (-1, 1.5, 18446744073709551616, "", None, True, [1]):
            point = {"id": wrong, "vector": [0, 0, 0, 0]}
            answer = self.client.put(f"{path}/points", {"points": [point]})
            self.check_refused(answer, 400)
        long = {"points": [{"id": "x" * 513, "vector": [0, 0, 0, 0]}]}
        self.check_refused(self.client.put(f"{path}/points", long), 413, "513", "512")

    def test_vectors_keep_their_exact_bits(self):
        path = self.collection("bits", distance="Cosine")
        vectors = {1: [0.1, 1 / 3, 1e-40, 9.9e17], 2: [16777217, -0.0, 1.17549435e-38, 2 ** -149]}
        for point_id, vector in vectors.items():
            point = {"id": point_id, "vector": vector}
            self.assertEqual(
                self.client.put(f"{path}/points?wait=true", {"points": [point]}).status, 200)
        for point_id, vector in vectors.items():
            answer = self.client.get(f"{path}/points/{point_id}")
            # Python would read "-0" as an integer, which has no sign.
            kept = json.loads(answer.body, parse_int=float)["result"]["vector"]
            self.assertEqual(struct.pack("<4f", *kept), struct.pack("<4f", *vector))

    def test_distances_have_the_dialect_s_signs_and_order(self):
        vectors = {1: [1.0, 0.0], 2: [0.0, 2.0], 3: [3.0, 3.0]}
        query = [1.0, 0.5]
        expected = {"Euclid": [(1, 0.5), (2, 1.802776), (3, 3.201562)],
                    "Manhattan": [(1, 0.5), (2, 2.5), (3, 4.5)],
                    "Dot": [(3, 4.5), (1, 1.0), (2, 1.0)],
                    "Cosine": [(3, 0.948683), (1, 0.894427), (2, 0.447214)]}
        for distance, hits in expected.items():
            path = self.collection("by" + distance, size=2, distance=distance)
            points = [{"id": key, "vector": vector} for key, vector in vectors.items()]
            self.client.put(f"{path}/points?wait=true", {"points": points})
            for params in ({}, {"exact": True}):
                body = {"query": query, "limit": 3, "params": params}
                answer = self.client.post(f"{path}/points/query", body).result["points"]
                self.assertEqual([hit["id"] for hit in answer], [key for key, _ in hits], distance)
                for hit, (_, score) in zip(answer, hits):
                    self.assertAlmostEqual(hit["score"], score, places=4)

    def test_codes_and_presets_of_a_collection_are_told_as_given(self):
        vectors = {"plain": {"size": 4, "distance": "Euclid"},
                   "own": {"size": 8, "distance": "Dot", "hnsw_config": {"preset": "fast", "m": 8}}}
        body = {"vectors": vectors, "hnsw_config": {"ef_construct": 50},
                "quantization_config": {"none": {}}}
        self.assertIs(self.client.put("/collections/coded", body).result, True)
        self.addCleanup(self.client.delete, "/collections/coded")
        info = self.client.get("/collections/coded").result
        config = info["config"]
        self.assertEqual(config["quantization_config"], {"none": {}})
        self.assertEqual(config["hnsw_config"]["preset"], "balanced")
        self.assertEqual(config["hnsw_config"]["ef_construct"], 50)
        self.assertEqual(config["params"]["vectors"]["own"]["hnsw_config"]["preset"], "fast")
        # The dialect's clients refuse fields here that they do not know.
        self.assertEqual(set(config["params"]["vectors"]["plain"]),
                         {"size", "distance", "on_disk"})
        by_name = {index["vector"]: index for index in info["indexes"]}
        self.assertEqual(by_name["own"]["preset"], "fast")
        self.assertEqual(by_name["plain"]["preset"], "balanced")
        self.assertEqual(by_name["own"]["quantizer"], "none")

    def test_codes_that_cannot_be_had_leave_no_collection_behind(self):
        refusals = [({"product": {"compression": "x16"}}, "product"),
                    ({"scalar": {"type": "int8", "quantile": 2}}, "quantile"),
                    ({"binary": {"encoding": "one_and_half_bits"}}, "one_and_half_bits"),
                    ({"binary": {"bits": 9}}, "1 to 4"), ("sometimes", "sometimes")]
        for codes, word in refusals:
            body = {"vectors": {"size": 4, "distance": "Dot"}, "quantization_config": codes}
            self.check_refused(self.client.put("/collections/never", body), 400, word)
        flat = {"vectors": {"size": 4, "distance": "Dot", "index": "flat"},
                "quantization_config": {"scalar": {"type": "int8"}}}
        self.check_refused(self.client.put("/collections/never", flat), 400, "never", "vectors")
        self.assertFalse(self.client.get("/collections/never/exists").result["exists"])

    def test_searches_say_how_codes_are_used(self):
        body = {"vectors": {"size": 4, "distance": "Euclid"}, "quantization_config": {"none": {}},
                "hnsw_config": {"full_scan_threshold": 0}}
        self.client.put("/collections/uncoded", body)
        self.addCleanup(self.client.delete, "/collections/uncoded")
        points = [{"id": number, "vector": [number, 0, 0, 0]} for number in range(50)]
        self.client.put("/collections/uncoded/points?wait=true", {"points": points})
        deadline = time.monotonic() + 30
        while self.client.get("/collections/uncoded").result["status"] != "green":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        info = self.client.get("/collections/uncoded").result
        self.assertEqual(info["indexes"][0]["indexed_slots"], 50)
        self.assertEqual(info["indexes"][0]["tail_slots"], 0)
        metrics = self.client.get("/metrics").body.decode()
        self.assertIn('thespis_collection_waiting_slots{collection="uncoded"} 0', metrics)
        self.assertRegex(metrics, r'thespis_index_inserts_total\{collection="uncoded".*\} 50')
        for params in ({}, {"indexed_only": True}, {"quantization": {"ignore": True}},
                       {"quantization": {"rescore": False, "oversampling": 3.5}},
                       {"quantization": None, "hnsw_ef": 64}):
            search = {"query": [7.2, 0, 0, 0], "limit": 2, "params": params}
            found = self.client.post("/collections/uncoded/points/query", search).result["points"]
            self.assertEqual([hit["id"] for hit in found], [7, 8], params)
        for codes in ({"oversampling": 0.5}, {"oversampling": 5000}, {"ignored": True}, 3):
            search = {"query": [1, 0, 0, 0], "params": {"quantization": codes}}
            self.check_refused(self.client.post("/collections/uncoded/points/query", search), 400)

    def test_a_check_mends_indexes_while_searches_go_on(self):
        path = "/collections/checked"
        generator = random.Random(5)
        vectors = [[generator.gauss(0, 1) for _ in range(16)] for _ in range(4000)]
        self.client.put(path, {"vectors": {"size": 16, "distance": "Euclid"},
                               "hnsw_config": {"full_scan_threshold": 0}})
        self.addCleanup(self.client.delete, path)
        for first in range(0, 4000, 1000):
            points = [{"id": number, "vector": vectors[number]}
                      for number in range(first, first + 1000)]
            answer = self.client.put(f"{path}/points?wait=true", {"points": points})
            self.assertEqual(answer.status, 200)
        wait_green(self.client, "checked")
        # Few enough that the index is not put in order without being asked.
        gone = set(range(0, 4000, 50))
        self.client.post(f"{path}/points/delete?wait=true", {"points": sorted(gone)})

        def search(stop):
            client = self.server.client()
            searched = 0
            while not stop.is_set():
                was_mended = mended.is_set()
                number = generator.randrange(4000)
                body = {"query": vectors[number], "limit": 10}
                found = client.post(f"{path}/points/query", body).result["points"]
                assert len(found) == 10 and not gone & {hit["id"] for hit in found}, found
                # One that no walk reaches is what the check is for; it mends it.
                first = found[0]["id"]
                assert number in gone or first == number or not was_mended, (number, found)
                searched += 1
            client.close()
            return searched

        stop, mended = threading.Event(), threading.Event()
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = [pool.submit(search, stop) for _ in range(2)]
            try:
                checks = []
                for _ in range(3):
                    checks.append(self.client.post(f"{path}/index/check", None).result["indexes"])
                    mended.set()
            finally:
                stop.set()
            self.assertTrue(all(job.result() > 0 for job in jobs))
        for check, dropped in zip(checks, (len(gone), 0, 0)):
            self.assertEqual(len(check), 1)
            self.assertEqual((check[0]["vector"], check[0]["index"]), ("", "hnsw"))
            self.assertEqual(check[0]["nodes"], 4000 - len(gone))
            self.assertEqual(check[0]["dropped"], dropped)
            self.assertEqual(check[0]["unreachable"], check[0]["mended"])
        self.assertEqual([check[0]["unreachable"] for check in checks[1:]], [0, 0])
        wait_green(self.client, "checked")
        self.check_refused(self.client.post(f"{path}/index/check", {"mend": 1}), 400, "mend")
        self.check_refused(self.client.post("/collections/absent/index/check", None), 404, "absent")

    def test_the_command_line_checks_indexes(self):
        self.collection("commanded")
        command = [binary(), "index", "check", "--url", f"http://127.0.0.1:{self.server.port}"]
        done = subprocess.run([*command, "--collection", "commanded", "--json"],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(json.loads(done.stdout), [
            {"vector": "", "index": "hnsw", "nodes": 0, "dropped": 0, "unreachable": 0,
             "mended": 0}])
        done = subprocess.run([*command, "--collection", "absent"], capture_output=True, text=True,
                              timeout=60)
        self.assertEqual(done.returncode, 1)
        self.assertIn("absent", done.stderr)

    def test_a_search_that_a_drop_overtakes_is_missing_its_collection(self):
        answers = set()

        def search(stop):
            client = self.server.client()
            while not stop.is_set():
                answer = client.post("/collections/brief/points/query", {"query": [1, 0, 0, 0]})
                answers.add((answer.status, answer.json["status"]
                             if answer.status == 200 else answer.json["status"]["error"]))
            client.close()

        stop = threading.Event()
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            jobs = [pool.submit(search, stop) for _ in range(4)]
            try:
                for _ in range(15):
                    body = {"vectors": {"size": 4, "distance": "Dot"}}
                    self.client.put("/collections/brief", body)
                    points = [{"id": 1, "vector": [1, 0, 0, 0]}]
                    self.client.put("/collections/brief/points", {"points": points})
                    self.assertEqual(self.client.delete("/collections/brief").status, 200)
            finally:
                stop.set()
            for job in jobs:
                job.result()
        self.assertEqual({status for status, _ in answers}, {200, 404}, answers)

    def test_a_foreign_host_name_is_refused(self):
        answer = self.client.get("/collections", headers={"host": "attacker.example"})
        self.assertIn(answer.status, (400, 403, 421))
        answer = self.client.get("/collections", headers={"origin": "http://attacker.example"})
        self.assertEqual(answer.status, 403)

    def test_garbage_instead_of_http(self):
        for garbage in (b"\x00\x01\x02\x03\r\n\r\n", b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n",
                        b"POST / HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: -5\r\n\r\n",
                        b"GET / HTTP/1.1\r\nx: " + b"y" * 20_000 + b"\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", self.server.port), timeout=10) as raw:
                raw.sendall(garbage)
                answer = raw.recv(4096)
                self.assertTrue(answer == b"" or re.match(rb"HTTP/1\.1 (4\d\d|505) ", answer),
                                answer)
        self.assertEqual(self.client.get("/readyz").status, 200)

    def test_reads_and_writes_side_by_side(self):
        path = self.collection("busy", size=8)

        def write(worker):
            client = self.server.client()
            for number in range(50):
                points = [{"id": worker * 10_000 + number * 10 + step,
                           "vector": [worker, number, step, 0, 0, 0, 0, 1]} for step in range(10)]
                assert client.put(f"{path}/points?wait=true", {"points": points}).status == 200
            client.close()

        def read(worker):
            client = self.server.client()
            for number in range(100):
                body = {"query": [worker, number, 0, 0, 0, 0, 0, 1], "limit": 5}
                assert client.post(f"{path}/points/query", body).status == 200
            client.close()

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            jobs = [pool.submit(job, worker) for worker in range(4) for job in (write, read)]
            for job in jobs:
                job.result()
        self.assertEqual(self.client.post(f"{path}/points/count", {"exact": True}).result["count"],
                         2000)


class KeyTest(unittest.TestCase):
    def test_a_key_is_asked_for_before_anything_else(self):
        with tempfile.TemporaryDirectory() as folder:
            server = Server(pathlib.Path(folder) / "data",
                            environment={"THESPIS__SECURITY__API_KEY": KEY})
            with server:
                self.wait_until_it_listens(server.spawn())
                client = server.client()
                self.addCleanup(client.close)
                self.assertEqual(client.get("/collections").status, 401)
                wrong = client.get("/collections", headers={"api-key": KEY[:-1]})
                self.assertEqual(wrong.status, 401)
                for headers in ({"api-key": KEY}, {"authorization": f"Bearer {KEY}"}):
                    self.assertEqual(client.get("/collections", headers=headers).status, 200)
                self.check_refused_before_the_body(server.port)
                self.assertEqual(server.stop(), 0)
                self.assertNotIn(KEY, server.output())

    def wait_until_it_listens(self, server):
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            try:
                client = server.client()
                if client.get("/readyz", headers={"api-key": KEY}).status == 200:
                    return
            except OSError:
                time.sleep(0.02)
            finally:
                client.close()
        self.fail(server.output())

    def check_refused_before_the_body(self, port):
        """The answer comes although the body that was announced never does."""
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.putrequest("PUT", "/collections/docs/points")
        connection.putheader("content-length", "100000")
        connection.endheaders()
        self.assertEqual(connection.getresponse().status, 401)
        connection.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
