# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What a server says and keeps when it is started, stopped, killed or put on bad ground."""

import os
import pathlib
import random
import shutil
import socket
import struct
import tempfile
import time
import unittest

from thespis_server import Server, ServerFailed, binary, wait_green

DIM = 16
POINTS = 3000
SAVE_OFTEN = {"THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1"}


def float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def random_points(seed, count=POINTS):
    source = random.Random(seed)
    return [{"id": number, "vector": [float32(source.gauss(0, 1)) for _ in range(DIM)],
             "payload": {"n": number, "text": f"point {number}"}} for number in range(count)]


def load(client, points, collection="docs", **options):
    made = client.put(f"/collections/{collection}",
                      {"vectors": {"size": DIM, "distance": "Euclid"}, **options})
    assert made.result is True
    for first in range(0, len(points), 1000):
        answer = client.put(f"/collections/{collection}/points?wait=true",
                            {"points": points[first:first + 1000]})
        assert answer.result["status"] == "completed"


def nearest(points, vector, count):
    """The exact answer, by id."""
    def distance(point):
        return sum((a - b) ** 2 for a, b in zip(point["vector"], vector))
    return [point["id"] for point in sorted(points, key=distance)[:count]]


def search(client, vector, limit=10, **params):
    body = {"query": vector, "limit": limit, "params": params}
    hits = client.post("/collections/docs/points/query", body).result["points"]
    return [hit["id"] for hit in hits]


class RestartTest(unittest.TestCase):
    def client(self, server):
        """A connection to this start of the server."""
        client = server.client()
        self.addCleanup(client.close)
        return client

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data_dir = pathlib.Path(folder.name) / "data"
        self.seed = random.randrange(2**32)
        print(f"{self.id()}: seed {self.seed}", flush=True)
        self.points = random_points(self.seed)

    def check_answers(self, client, recall_least=0.95):
        """Exact search is exact, indexed search finds nearly all, every point is kept."""
        source = random.Random(self.seed + 1)
        found = 0
        for _ in range(20):
            query = [float32(source.gauss(0, 1)) for _ in range(DIM)]
            expected = nearest(self.points, query, 10)
            self.assertEqual(search(client, query, exact=True), expected)
            found += len(set(search(client, query, hnsw_ef=200)) & set(expected))
        self.assertGreaterEqual(found / 200, recall_least)
        count = client.post("/collections/docs/points/count", {"exact": True}).result["count"]
        self.assertEqual(count, len(self.points))
        some = source.sample(self.points, 50)
        kept = client.post("/collections/docs/points", {
            "ids": [point["id"] for point in some], "with_vector": True, "with_payload": True,
        }).result
        kept = {point["id"]: point for point in kept}
        for point in some:
            self.assertEqual([float32(x) for x in kept[point["id"]]["vector"]], point["vector"])
            self.assertEqual(kept[point["id"]]["payload"], point["payload"])

    def test_points_survive_an_orderly_restart(self):
        with Server(self.data_dir).start() as server:
            load(self.client(server), self.points)
            wait_green(self.client(server), "docs")
            self.check_answers(self.client(server))
            self.assertEqual(server.stop(), 0, server.output())
            server.start()
            self.check_answers(self.client(server))

    def test_codes_and_presets_hold_after_a_restart_and_a_kill(self):
        options = [({"scalar": {"type": "int8", "always_ram": True}}, "balanced", "sq8"),
                   ({"scalar": {"type": "int4"}}, "fast", "sq4"),
                   ({"none": {}}, "fast", "none"), (None, "fast", None)]
        with Server(self.data_dir, environment=SAVE_OFTEN).start() as server:
            for codes, preset, quantizer in options:
                graph = {"preset": preset, "full_scan_threshold": 0}
                client = self.client(server)
                load(client, self.points, quantization_config=codes, hnsw_config=graph)
                wait_green(client, "docs")
                self.check_answers(client)
                self.check_options(client, codes, preset, quantizer)
                self.assertEqual(server.stop(), 0, server.output())
                server.start()
                client = self.client(server)
                self.check_answers(client)
                self.check_options(client, codes, preset, quantizer)
                server.kill()
                server.start()
                client = self.client(server)
                wait_green(client, "docs")
                self.check_answers(client)
                self.check_options(client, codes, preset, quantizer)
                self.assertIs(client.delete("/collections/docs").result, True)

    def check_options(self, client, codes, preset, quantizer):
        info = client.get("/collections/docs").result
        self.assertEqual(info["config"]["quantization_config"], codes)
        self.assertEqual(info["config"]["hnsw_config"]["preset"], preset)
        self.assertEqual(info["indexes"][0]["preset"], preset)
        self.assertEqual(info["indexes"][0]["quantizer"], quantizer)

    def test_points_survive_a_kill(self):
        with Server(self.data_dir).start() as server:
            load(self.client(server), self.points)
            server.kill()
            server.start()
            wait_green(self.client(server), "docs")
            self.check_answers(self.client(server))

    def test_a_damaged_index_file_costs_no_point_and_is_rebuilt(self):
        with Server(self.data_dir, environment=SAVE_OFTEN).start() as server:
            load(self.client(server), self.points)
            wait_green(self.client(server), "docs")
            server.stop()
            for damage in (flip_bytes, truncate, empty, remove):
                with self.subTest(damage=damage.__name__):
                    files = self.derived_files()
                    self.assertTrue(files, "no derived state was saved")
                    for file in files:
                        damage(file, random.Random(self.seed))
                    server.start()
                    # Right answers at once, by exact search if need be, and the index again later.
                    self.check_answers(self.client(server))
                    wait_green(self.client(server), "docs")
                    self.check_answers(self.client(server))
                    self.assertEqual(server.stop(), 0, server.output())

    def derived_files(self, name="*"):
        return [path for path in (self.data_dir / "derived").rglob(name) if path.is_file()]

    def wait_saved(self, newer_than=0):
        """Waits until slots that were saved after that time are there; returns their time."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            times = [path.stat().st_mtime_ns for path in self.derived_files("slots")]
            if times and min(times) > newer_than:
                return min(times)
            time.sleep(0.05)
        raise AssertionError("slots were not saved")

    def change(self, client, seed):
        """Changes vectors and payloads, deletes points and adds some."""
        source = random.Random(seed)
        fresh = random_points(seed + 1, POINTS + 200)
        for point in source.sample(self.points, 150):
            point["vector"] = fresh[point["id"] % len(fresh)]["vector"]
        for point in source.sample(self.points, 150):
            point["payload"] = {"n": point["id"], "text": f"changed {seed}"}
        gone = {point["id"] for point in source.sample(self.points, 150)}
        first_new = max(point["id"] for point in self.points) + 1
        self.points = [point for point in self.points if point["id"] not in gone]
        self.points += [{**point, "id": first_new + number}
                        for number, point in enumerate(fresh[-100:])]
        for first in range(0, len(self.points), 1000):
            client.put("/collections/docs/points?wait=true",
                       {"points": self.points[first:first + 1000]})
        answer = client.post("/collections/docs/points/delete?wait=true", {"points": list(gone)})
        self.assertEqual(answer.result["status"], "completed")

    def test_writes_after_a_save_survive_a_kill(self):
        with Server(self.data_dir, environment=SAVE_OFTEN).start() as server:
            load(self.client(server), self.points)
            saved = self.wait_saved()
            for start in range(4):
                self.change(self.client(server), self.seed + 10 * start)
                if start % 2 == 1:
                    saved = self.wait_saved(saved)
                server.kill()
                server.start()
                self.check_answers(self.client(server))
            self.assertNotIn("do not fit", server.output())
            wait_green(self.client(server), "docs")
            self.check_answers(self.client(server))

    def test_derived_files_harmed_after_a_kill_cost_no_answer(self):
        with Server(self.data_dir, environment=SAVE_OFTEN).start() as server:
            load(self.client(server), self.points)
            wait_green(self.client(server), "docs")
            saved = self.wait_saved()
            for number, (name, damage) in enumerate(
                    (name, damage) for name in ("*.rows", "*.sums", "slots", "*.index")
                    for damage in (flip_bytes, truncate, empty, remove)):
                with self.subTest(file=name, damage=damage.__name__):
                    server.kill()
                    for file in self.derived_files(name):
                        damage(file, random.Random(self.seed + number))
                    server.start()
                    self.check_answers(self.client(server))
                    self.change(self.client(server), self.seed + 100 + number)
                    self.check_answers(self.client(server))
                    if number % 3 == 0:
                        saved = self.wait_saved(saved)

    def test_a_dropped_collection_takes_its_files_along(self):
        with Server(self.data_dir, environment=SAVE_OFTEN).start() as server:
            load(self.client(server), self.points)
            self.wait_saved()
            self.assertTrue(self.derived_files("vector-0.rows"))
            self.assertTrue(self.client(server).delete("/collections/docs").result)
            deadline = time.monotonic() + 20
            while self.derived_files() and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertEqual(self.derived_files(), [])


def flip_bytes(file, source):
    content = bytearray(file.read_bytes())
    for _ in range(min(64, len(content))):
        content[source.randrange(len(content))] ^= 1 << source.randrange(8)
    file.write_bytes(content)


def truncate(file, source):
    content = file.read_bytes()
    file.write_bytes(content[:source.randrange(len(content) or 1)])


def empty(file, _):
    file.write_bytes(b"")


def remove(file, _):
    file.unlink()


class RefusalTest(unittest.TestCase):
    """Each start that cannot work ends soon, with a status that is not 0 and a reason."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def check_refused(self, server, *words):
        with server:
            server.spawn()
            try:
                status = server.wait_exit(20)
            except ServerFailed as failure:
                self.fail(f"started all the same: {failure}")
            self.assertNotEqual(status, 0)
            self.assertGreater(status, 0, f"ended by a signal: {server.output()}")
            for word in words:
                self.assertIn(str(word), server.output())

    def test_a_port_in_use(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            self.check_refused(Server(self.folder / "data", port=port), port)

    def test_a_data_folder_in_use(self):
        with Server(self.folder / "data").start() as first:
            self.check_refused(Server(self.folder / "data"), self.folder / "data")
            client = first.client()
            self.addCleanup(client.close)
            self.assertEqual(client.get("/readyz").status, 200)

    def test_a_data_folder_that_cannot_be_written(self):
        data_dir = self.folder / "data"
        data_dir.mkdir()
        data_dir.chmod(0o555)
        self.addCleanup(data_dir.chmod, 0o755)
        # Permissions do not bind root unless it gives up the right to pass over them.
        prefix = []
        if os.geteuid() == 0:
            self.assertTrue(shutil.which("setpriv"), "setpriv (util-linux) is needed as root")
            prefix = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]
        self.check_refused(Server(data_dir, prefix=prefix), data_dir)

    def test_a_data_folder_that_is_a_file(self):
        (self.folder / "data").write_text("not a folder")
        self.check_refused(Server(self.folder / "data"), self.folder / "data")

    def test_an_address_for_others_without_a_key(self):
        server = Server(self.folder / "data")
        server.arguments = ["--listen", f"0.0.0.0:{server.port}"]
        self.check_refused(server)

    def test_an_unknown_setting(self):
        config = self.folder / "thespis.toml"
        config.write_text("[storage]\ncache_byte = 1000000\n")
        server = Server(self.folder / "data", ["--config", str(config)])
        self.check_refused(server, "cache_byte", "cache_bytes")

    def check_plugin_refused(self, make):
        own = pathlib.Path(binary()).parent / "plugins"
        self.assertTrue(list(own.glob("*.so")), f"no plugins in {own}")
        folder = self.folder / "plugins"
        folder.mkdir()
        wrong = folder / "index_wrong.so"
        make(wrong)
        config = self.folder / "thespis.toml"
        config.write_text(f'[plugins]\nfolders = ["{own}", "{folder}"]\n')
        server = Server(self.folder / "data", ["--config", str(config)])
        self.check_refused(server, wrong.name)

    def test_a_plugin_that_is_no_shared_object(self):
        self.check_plugin_refused(lambda file: file.write_text("not a plugin"))

    def test_a_shared_object_that_is_no_plugin(self):
        library = next(pathlib.Path("/usr/lib").rglob("libz.so.1"))
        self.check_plugin_refused(lambda file: shutil.copy(library, file))

    def test_a_plugin_whose_name_is_taken(self):
        own = pathlib.Path(binary()).parent / "plugins"
        self.check_plugin_refused(lambda file: shutil.copy(own / "index_flat.so", file))


if __name__ == "__main__":
    unittest.main(verbosity=2)
