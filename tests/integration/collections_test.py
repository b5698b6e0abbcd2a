# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Changes of whole collections while others read and write: aliases, rename, truncate, copy."""

import http.client
import pathlib
import random
import tempfile
import threading
import time
import unittest

from thespis_server import Server

VECTORS = {"vectors": {"size": 4, "distance": "Euclid"}}
SWITCHES = 60
READERS = 3


def points(first, last, tag="t"):
    return {"points": [{"id": number, "vector": [number, 1, 2, 3],
                        "payload": {"n": number, "tag": tag}} for number in range(first, last)]}


class Reader(threading.Thread):
    """Asks the same again and again; `wrong` is the first answer that `right` refuses."""

    def __init__(self, server, method, path, body, right):
        super().__init__(daemon=True)
        self.client = server.client()
        self.request = (method, path, body)
        self.right = right
        self.stop = threading.Event()
        self.answers = 0
        self.wrong = None
        self.start()

    def run(self):
        while not self.stop.is_set() and self.wrong is None:
            try:
                answer = self.client.request(*self.request)
            except (OSError, http.client.HTTPException) as failure:
                self.wrong = repr(failure)
                return
            self.answers += 1
            if not self.right(answer):
                self.wrong = f"{answer.status} {answer.body[:300]!r}"

    def end(self):
        self.stop.set()
        self.join()
        self.client.close()
        return self.wrong


class CollectionsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.server = Server(pathlib.Path(folder.name) / "data").start()
        self.addCleanup(self.server.__exit__)
        self.client = self.server.client()
        self.addCleanup(lambda: self.client.close())

    def again(self):
        self.server.kill()
        self.server.start()
        self.client.close()
        self.client = self.server.client()

    def create(self, name, count, tag="t"):
        self.assertIs(self.client.put(f"/collections/{name}", VECTORS).result, True)
        for first in range(0, count, 1000):
            body = points(first, min(count, first + 1000), tag)
            reply = self.client.put(f"/collections/{name}/points?wait=true", body)
            self.assertEqual(reply.status, 200)

    def post(self, path, body=None):
        return self.client.post(path, body)

    def count(self, name):
        return self.post(f"/collections/{name}/points/count", {}).result["count"]

    def ids(self, name):
        page = self.post(f"/collections/{name}/points/scroll", {"limit": 10000}).result
        self.assertIsNone(page["next_page_offset"])
        return {point["id"]: point["payload"] for point in page["points"]}

    def test_no_reader_of_an_alias_misses_it_while_it_is_switched(self):
        self.create("red", 20, "red")
        self.create("blue", 30, "blue")
        switch = [{"delete_alias": {"alias_name": "live"}},
                  {"create_alias": {"alias_name": "live", "collection_name": "red"}}]
        self.assertIs(self.post("/collections/aliases", {"actions": switch}).result, True)

        def whole(answer):
            tags = [hit["payload"]["tag"] for hit in answer.result]
            return answer.status == 200 and tags in (["red"] * 20, ["blue"] * 30)

        search = {"vector": [1, 1, 2, 3], "limit": 50, "with_payload": True}
        readers = [Reader(self.server, "POST", "/collections/live/points/search", search, whole)
                   for _ in range(READERS)]
        for number in range(SWITCHES):
            switch[1]["create_alias"]["collection_name"] = ("blue", "red")[number % 2]
            self.assertIs(self.post("/collections/aliases", {"actions": switch}).result, True)
            tag = ("blue", "red")[number % 2]
            # Who switched it sees the new target at once.
            self.assertEqual(self.count("live"), {"red": 20, "blue": 30}[tag])
        for reader in readers:
            self.assertIsNone(reader.end())
            self.assertGreater(reader.answers, 0)
        self.again()
        self.assertEqual(self.count("live"), 20)
        self.assertEqual(self.client.get("/collections/live/aliases").result["aliases"],
                         [{"alias_name": "live", "collection_name": "red"}])

    def test_an_alias_works_wherever_a_name_does_and_nowhere_else(self):
        self.create("docs", 10)
        action = {"create_alias": {"alias_name": "live", "collection_name": "docs"}}
        self.assertIs(self.post("/collections/aliases", {"actions": [action]}).result, True)
        self.assertEqual(self.client.get("/collections/live").result["points_count"], 10)
        self.assertIs(self.client.get("/collections/live/exists").result["exists"], True)
        self.assertEqual(self.client.get("/collections/live/points/3").result["payload"]["n"], 3)
        self.assertEqual(self.client.put("/collections/live/points", points(10, 12)).status, 200)
        self.assertEqual(self.post("/collections/live/points/delete", {"points": [0]}).status, 200)
        self.assertEqual(self.post("/collections/live/index/check", {}).status, 200)
        self.assertEqual(self.count("docs"), 11)
        self.assertEqual([item["name"] for item
                          in self.client.get("/collections").result["collections"]], ["docs"])
        self.assertIs(self.client.delete("/collections/live").result, False)
        self.assertEqual(self.client.put("/collections/live", VECTORS).status, 409)
        self.assertEqual(self.post("/collections/live/rename", {"name": "x"}).status, 400)
        self.assertEqual(self.post("/collections/docs/rename", {"name": "live"}).status, 409)
        self.assertEqual(self.post("/collections/docs/copy", {"name": "live"}).status, 409)
        action["create_alias"]["alias_name"] = "docs"
        self.assertEqual(self.post("/collections/aliases", {"actions": [action]}).status, 409)
        self.assertIs(self.client.delete("/collections/docs").result, True)
        self.assertEqual(self.client.get("/collections/live").status, 404)
        self.assertEqual(self.client.get("/aliases").result["aliases"], [])

    def test_searches_go_on_while_a_collection_is_renamed(self):
        self.create("first", 200)
        action = {"create_alias": {"alias_name": "live", "collection_name": "first"}}
        self.assertIs(self.post("/collections/aliases", {"actions": [action]}).result, True)
        search = {"vector": [1, 1, 2, 3], "limit": 5, "with_payload": True}
        reader = Reader(self.server, "POST", "/collections/live/points/search", search,
                        lambda answer: answer.status == 200 and len(answer.result) == 5)
        names = ["first", "second"]
        for _ in range(SWITCHES):
            old, new = names
            self.assertIs(self.post(f"/collections/{old}/rename", {"name": new}).result, True)
            self.assertEqual(self.client.get(f"/collections/{old}").status, 404)
            self.assertEqual(self.count(new), 200)
            names.reverse()
        self.assertIsNone(reader.end())
        self.assertIn(b"collection 'first'",
                      self.post("/collections/live/points/search",
                                {"vector": [1], "limit": 1}).body)
        self.assertIn(b"collection 'first'",
                      self.client.put("/collections/live/points",
                                      {"points": [{"id": 1, "vector": [1]}]}).body)
        self.again()
        self.assertEqual(self.count("first"), 200)
        self.assertEqual(self.count("live"), 200)

    def test_writers_get_before_or_after_while_a_collection_is_emptied(self):
        self.create("docs", 3000)
        written = {worker: 0 for worker in range(READERS)}
        stop = threading.Event()
        failures = []

        def write(worker):
            client = self.server.client()
            while not stop.is_set():
                number = written[worker] + 1
                key = 10_000 * (worker + 1) + number
                answer = client.put("/collections/docs/points?wait=true",
                                    points(key, key + 1, "w"))
                if answer.status != 200:
                    failures.append(f"{answer.status} {answer.body!r}")
                    break
                written[worker] = number
            client.close()

        search = {"vector": [1, 1, 2, 3], "limit": 5, "with_payload": True, "with_vector": True}
        reader = Reader(self.server, "POST", "/collections/docs/points/search", search,
                        lambda answer: answer.status == 200)
        writers = [threading.Thread(target=write, args=[worker]) for worker in range(READERS)]
        for writer in writers:
            writer.start()
        marks = None
        for _ in range(10):
            time.sleep(0.05)
            before = dict(written)
            self.assertIs(self.post("/collections/docs/truncate").result, True)
            # What was acknowledged before it began is gone.
            left = self.ids("docs")
            for worker, number in before.items():
                gone = [key for key in left
                        if 10_000 * (worker + 1) < key <= 10_000 * (worker + 1) + number]
                self.assertEqual(gone, [])
            self.assertFalse(any(key < 3000 for key in left))
            marks = dict(written)
        time.sleep(0.1)
        stop.set()
        for writer in writers:
            writer.join()
        self.assertEqual(failures, [])
        self.assertIsNone(reader.end())
        # What was acknowledged after it was answered is there.
        left = self.ids("docs")
        for worker, number in written.items():
            for later in range(marks[worker] + 1, number + 1):
                self.assertIn(10_000 * (worker + 1) + later, left)
        self.again()
        self.assertEqual(self.ids("docs"), left)

    def test_emptying_takes_as_long_for_many_points_as_for_few(self):
        self.create("few", 10)
        self.create("many", 20000)
        took = {}
        for name in ("few", "many"):
            began = time.monotonic()
            self.assertIs(self.post(f"/collections/{name}/truncate").result, True)
            took[name] = time.monotonic() - began
        print(f"emptied in {took}", flush=True)
        self.assertEqual(self.count("many"), 0)
        info = self.client.get("/collections/many").result
        self.assertEqual(info["points_count"], 0)
        self.assertEqual(self.client.put("/collections/many/points?wait=true",
                                         points(5, 7)).status, 200)
        self.again()
        self.assertEqual(set(self.ids("many")), {5, 6})

    def test_a_copy_is_as_its_source_was_at_one_moment(self):
        self.create("docs", 4000)
        stop = threading.Event()
        version = [0]

        def change():
            # Two points always change together; a copy has them at one version.
            client = self.server.client()
            while not stop.is_set():
                version[0] += 1
                body = {"points": [{"id": key, "vector": [version[0], 0, 0, 0],
                                    "payload": {"n": version[0]}} for key in (3, 3990)]}
                client.put("/collections/docs/points?wait=true", body)
            client.close()

        writer = threading.Thread(target=change)
        writer.start()
        try:
            for number in range(4):
                asked = version[0]
                reply = self.post("/collections/docs/copy", {"name": f"copy{number}"})
                self.assertEqual(reply.status, 200, reply.body)
                self.assertEqual(reply.result["status"], "completed")
                found = self.ids(f"copy{number}")
                self.assertEqual(set(found), set(range(4000)))
                self.assertEqual(found[3]["n"], found[3990]["n"])
                self.assertGreaterEqual(found[3]["n"], asked)
        finally:
            stop.set()
            writer.join()
        told = self.client.get("/collections/docs/copies").result["copies"]
        self.assertEqual([copy["status"] for copy in told], ["completed"] * 4)
        before = self.ids("copy3")
        self.assertIs(self.client.delete("/collections/docs").result, True)
        self.again()
        self.assertEqual(self.ids("copy3"), before)
        self.assertEqual(self.client.get("/health/deep").result["status"], "sound")

    def test_a_copy_that_is_cut_off_leaves_nothing_and_one_that_is_asked_for_goes_on(self):
        self.create("docs", 20000)
        source = random.Random(17)
        for number in range(4):
            reply = self.post("/collections/docs/copy?wait=false", {"name": "copy"})
            self.assertEqual(reply.result["status"], "running")
            self.assertEqual(self.client.get("/collections/copy").status, 404)
            self.assertEqual(self.client.put("/collections/copy", VECTORS).status, 409)
            time.sleep(source.uniform(0, 0.1))
            self.again()
            names = {item["name"] for item in self.client.get("/collections").result["collections"]}
            self.assertIn("docs", names)
            if "copy" in names:  # it was whole by then
                self.assertEqual(self.count("copy"), 20000)
                self.assertIs(self.client.delete("/collections/copy").result, True)
            self.assertEqual(self.count("docs"), 20000)
        reply = self.post("/collections/docs/copy?wait=false", {"name": "copy"})
        self.assertEqual(reply.status, 200)
        deadline = time.monotonic() + 60
        while self.client.get("/collections/copy").status != 200:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)
        self.assertEqual(self.count("copy"), 20000)

    def test_a_copy_ends_when_its_source_goes(self):
        self.create("docs", 20000)
        for end in ("truncate", "drop"):
            self.post("/collections/docs/copy?wait=false", {"name": f"of-{end}"})
            if end == "truncate":
                self.assertIs(self.post("/collections/docs/truncate").result, True)
                told = self.wait_for_end("docs", f"of-{end}")
                if told["status"] == "failed":
                    self.assertIn("emptied or dropped", told["error"])
                    self.assertEqual(self.client.get(f"/collections/of-{end}").status, 404)
                self.client.put("/collections/docs/points?wait=true", points(0, 1000))
            else:
                self.assertIs(self.client.delete("/collections/docs").result, True)
        time.sleep(0.5)
        self.assertEqual(self.client.get("/health/deep").result["status"], "sound")
        self.assertEqual(self.server.stop(), 0)

    def wait_for_end(self, source, name):
        deadline = time.monotonic() + 60
        while True:
            told = [copy for copy in self.client.get(f"/collections/{source}/copies")
                    .result["copies"] if copy["name"] == name][-1]
            if told["status"] != "running":
                return told
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)


if __name__ == "__main__":
    unittest.main()
