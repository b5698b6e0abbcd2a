# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""What a server and `thespis check` say of data that is sound, damaged or left over."""

import json
import pathlib
import random
import subprocess
import tempfile
import time
import unittest
import uuid

from thespis_server import Server, binary, wait_green

DIM = 8
POINTS = 400
PANIC_STATUS = 74
QUIET = {"THESPIS__STORAGE__CHECK_BYTES_PER_S": "0"}


def points(first=0, count=POINTS):
    source = random.Random(first)
    return [{"id": n, "vector": [source.gauss(0, 1) for _ in range(DIM)],
             "payload": {"text": "x" * 200, "n": n}} for n in range(first, first + count)]


class HealthTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data_dir = pathlib.Path(folder.name) / "data"

    def client(self, server):
        client = server.client()
        self.addCleanup(client.close)
        return client

    def load(self, client, name):
        client.put(f"/collections/{name}",
                   {"vectors": {"size": DIM, "distance": "Euclid"}}).result
        client.put(f"/collections/{name}/points?wait=true", {"points": points()}).result
        return client.get(f"/collections/{name}").result["uuid"]

    def filled(self, names=("good", "bad"), environment=None):
        """A stopped server with saved collections; their UUIDs by name."""
        server = Server(self.data_dir, environment=environment)
        self.addCleanup(server.__exit__)
        client = self.client(server.start())
        ids = {name: self.load(client, name) for name in names}
        for name in names:
            wait_green(client, name)
        self.assertEqual(server.stop(), 0, server.output())
        return server, ids

    def damage_blocks(self, table):
        """Flips a bit in every block of rows. Source: WiredTiger's btmem.h and block.h, headers of
        pages and blocks: the type, 7 for rows, is byte 24, the size of the block bytes 28 to 31."""
        file = self.data_dir / "db" / f"{table}.wt"
        content = bytearray(file.read_bytes())
        for at in range(4096, len(content), 4096):
            size = int.from_bytes(content[at + 28:at + 32], "little")
            if content[at + 24] == 7 and 0 < size <= len(content) - at and size % 4096 == 0:
                content[at + 100] ^= 1
        file.write_bytes(content)

    def remove_derived(self, collection):
        for file in (self.data_dir / "derived" / collection).iterdir():
            file.unlink()

    def check(self, *flags):
        done = subprocess.run([binary(), "check", "--data-dir", str(self.data_dir), *flags],
                              capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    def test_a_sound_server_says_so_everywhere(self):
        server, _ = self.filled()
        client = self.client(server.start())
        ready = client.get("/readyz")
        self.assertEqual(ready.status, 200)
        self.assertEqual((ready.json["status"], ready.json["collections"], ready.json["loaded"],
                          ready.json["loading"], ready.json["quarantined"]),
                         ("ready", 2, 2, [], []))
        deep = client.get("/health/deep").result
        self.assertEqual((deep["status"], deep["share"]), ("sound", 1))
        self.assertEqual([part["name"] for part in deep["node"]], ["journal", "idempotency keys"])
        self.assertGreater(deep["node"][0]["checked"], 0)
        self.assertEqual([one["name"] for one in deep["collections"]], ["bad", "good"])
        for one in deep["collections"]:
            parts = {part["name"]: part for part in one["components"]}
            self.assertEqual(sorted(parts),
                             ["counters", "indexes", "points", "slot table", "slots"])
            for name in ("indexes", "points", "slot table", "slots"):
                self.assertEqual((parts[name]["status"], parts[name]["checked"]),
                                 ("sound", POINTS), one)
        metrics = client.get("/metrics").body.decode()
        self.assertIn("thespis_collections_quarantined 0", metrics)
        self.assertIn("thespis_health_state 1", metrics)
        self.assertEqual(server.stop(), 0, server.output())
        status, text = self.check()
        self.assertEqual(status, 0, text)
        self.assertIn("collection 'good': points: sound, 400 checked", text)

    def test_readyz_tells_how_far_a_start_is(self):
        server, _ = self.filled()
        server.environment = {"THESPIS_FAIL_POINTS": "recovery.points_read=wait:1500@always"}
        server.spawn()
        seen = None
        deadline = time.monotonic() + 20
        while seen is None and time.monotonic() < deadline:
            try:
                answer = self.client(server).get("/readyz")
            except OSError:
                time.sleep(0.02)
                continue
            if answer.status == 200:
                self.skipTest("this build has no fail points")
            if answer.json["loading"] and answer.json["loading"][0]["share"] > 0:
                seen = answer
        self.assertEqual(seen.status, 503)
        self.assertEqual(seen.headers["retry-after"], "1")
        self.assertEqual((seen.json["status"], seen.json["collections"]), ("starting", 2))
        self.assertIn(seen.json["loading"][0]["name"], ("good", "bad"))
        self.assertLessEqual(seen.json["loading"][0]["share"], 1)
        server.wait_ready()

    def test_validation_after_a_start_is_visible_and_does_not_hold_it_up(self):
        server, _ = self.filled()
        server.environment = {"THESPIS__STORAGE__CHECK_BYTES_PER_S": "100000"}
        client = self.client(server.start())
        first = client.get("/readyz").json["validation"]
        self.assertEqual(first["status"], "checking")
        self.assertLess(first["share"], 1)
        deadline = time.monotonic() + 30
        while client.get("/readyz").json["validation"]["status"] == "checking":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)
        self.assertEqual(client.get("/readyz").json["validation"],
                         {"status": "sound", "share": 1})
        self.assertIn("stored data checked", server.output())

    def test_a_deep_check_that_takes_long_answers_in_time_and_goes_on(self):
        server, _ = self.filled(names=("one",))
        server.environment = {"THESPIS__STORAGE__CHECK_BYTES_PER_S": "50000"}
        client = self.client(server.start())
        begun = time.monotonic()
        deep = client.get("/health/deep?timeout=2")
        self.assertLess(time.monotonic() - begun, 4)
        self.assertEqual((deep.status, deep.result["status"]), (200, "checking"))
        self.assertLess(deep.result["share"], 1)
        self.assertEqual(server.stop(), 0, server.output())

    def check_quarantine(self, server, name="bad"):
        """`name` is out of order for a reason, everything else is as it should be."""
        client = self.client(server)
        ready = client.get("/readyz")
        self.assertEqual((ready.status, ready.json["quarantined"]), (200, [name]))
        refused = client.post(f"/collections/{name}/points/count", {"exact": True})
        self.assertEqual(refused.status, 503)
        self.assertIn("quarantined", refused.json["status"]["error"])
        self.assertIn("thespis check --repair", refused.json["status"]["error"])
        info = client.get(f"/collections/{name}").result
        self.assertEqual(info["status"], "red")
        self.assertIn("quarantined", info["status_detail"])
        listed = client.get("/collections").json
        self.assertEqual([one["name"] for one in listed["quarantined"]], [name])
        self.assertEqual(len(listed["result"]["collections"]), 2)
        self.assertIn(f'thespis_collection_quarantined{{collection="{name}"}} 1',
                      client.get("/metrics").body.decode())
        deep = client.get("/health/deep")
        self.assertEqual((deep.status, deep.json["result"]["status"]), (503, "damaged"))
        states = {one["name"]: one["status"] for one in deep.json["result"]["collections"]}
        self.assertEqual(states, {"good": "sound", name: "quarantined"})
        count = client.post("/collections/good/points/count", {"exact": True}).result["count"]
        self.assertEqual(count, POINTS)
        client.put("/collections/good/points?wait=true", {"points": points(0, 1)}).result
        return client

    def test_a_collection_that_lost_a_table_is_quarantined_at_once(self):
        server, ids = self.filled()
        (self.data_dir / "db" / f"slots-{ids['bad']}.wt").unlink()
        begun = time.monotonic()
        server.start()
        client = self.check_quarantine(server)
        self.assertLess(time.monotonic() - begun, 5)
        self.assertNotIn("collection is restarted", server.output())
        self.assertIs(client.post("/collections/bad/reopen", None).result, True)
        time.sleep(0.3)
        self.check_quarantine(server)
        self.assertEqual(client.post("/collections/good/reopen", None).status, 409)
        self.assertEqual(client.post("/collections/none/reopen", None).status, 404)
        self.assertIs(client.delete("/collections/bad").result, True)
        self.assertEqual(client.get("/readyz").json["quarantined"], [])
        self.assertEqual(client.get("/health/deep").status, 200)
        self.assertEqual(server.stop(), 0, server.output())

    def test_damaged_blocks_cost_one_restart_and_one_collection(self):
        server, ids = self.filled(environment=QUIET)
        self.damage_blocks(f"points-{ids['bad']}")
        self.remove_derived(ids["bad"])
        server.spawn()
        self.assertEqual(server.wait_exit(), PANIC_STATUS, server.output())
        self.assertIn("the process ends at once", server.output())
        server.process = None
        server.start()
        self.check_quarantine(server)
        self.assertEqual(server.stop(), 0, server.output())

        status, text = self.check()
        self.assertEqual(status, 1, text)
        self.assertIn("checksum error", text)
        status, text = self.check("--repair", "--json")
        self.assertIn(status, (0, 1), text)
        found = json.loads(text)
        tables = next(part for part in found["node"] if part["name"] == "tables")
        self.assertIn("salvaged", tables["findings"][0]["repaired"])
        status, text = self.check("--repair", "--drop-damaged")
        self.assertEqual(status, 0, text)
        self.assertEqual(self.check()[0], 0)
        self.assertTrue(list((self.data_dir / "salvaged").glob(f"points-{ids['bad']}.wt.*")))
        client = self.client(server.start())
        left = client.post("/collections/bad/points/count", {"exact": True}).result["count"]
        self.assertLess(left, POINTS)
        client.put("/collections/bad/points?wait=true", {"points": points()}).result
        count = client.post("/collections/bad/points/count", {"exact": True}).result["count"]
        self.assertEqual(count, POINTS)
        self.assertEqual(client.get("/health/deep").status, 200)

    def test_damaged_derived_files_are_reported_and_removed(self):
        server, ids = self.filled(names=("docs",))
        folder = self.data_dir / "derived" / ids["docs"]
        files = ["slots", "vector-0.index", "vector-0.rows"]
        for name in files:
            content = bytearray((folder / name).read_bytes())
            content[5000 if name.endswith("rows") else len(content) // 2] ^= 1
            (folder / name).write_bytes(content)
        status, text = self.check("--json")
        self.assertEqual(status, 1, text)
        derived = json.loads(text)["collections"][0]["components"][-1]
        self.assertEqual((derived["name"], derived["checked"], derived["damaged"]),
                         ("derived files", 3, 3))
        status, text = self.check("--repair")
        self.assertEqual(status, 0, text)
        self.assertFalse([name for name in files if (folder / name).exists()])
        self.assertEqual(self.check()[0], 0)
        client = self.client(server.start())
        wait_green(client, "docs")
        self.assertEqual(client.get("/health/deep").status, 200)

    def test_left_over_files_are_removed_by_a_start(self):
        server, ids = self.filled(names=("docs",))
        derived = self.data_dir / "derived"
        strays = [derived / ids["docs"] / "vector-0.index.tmp",
                  derived / ids["docs"] / "vector-7.rows",
                  derived / str(uuid.uuid4()) / "slots", derived / "slots.tmp",
                  self.data_dir / "format.new",
                  self.data_dir / "db" / f"points-{uuid.uuid4()}.wt"]
        for stray in strays:
            stray.parent.mkdir(exist_ok=True)
            stray.write_text("left over")
        client = self.client(server.start())
        wait_green(client, "docs")
        self.assertEqual([stray for stray in strays if stray.exists()], [])
        self.assertTrue((derived / ids["docs"] / "vector-0.index").exists())
        for stray in strays:
            shown = stray.parent.name if stray.name == "slots" else stray.name
            self.assertIn(shown, server.output())

    def test_a_folder_in_use_or_missing_is_not_checked(self):
        server, _ = self.filled(names=("docs",))
        server.start()
        status, text = self.check()
        self.assertEqual((status, "is in use by another process" in text), (2, True), text)
        self.assertEqual(server.stop(), 0)
        missing = self.data_dir.parent / "none"
        done = subprocess.run([binary(), "check", "--data-dir", str(missing)],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2, done.stderr)
        self.assertFalse(missing.exists())
        self.assertEqual(self.check("--drop-damaged")[0], 2)

    def test_a_deep_check_needs_the_key(self):
        key = {"THESPIS__SECURITY__API_KEY": "a-long-secret-key"}
        server = Server(self.data_dir, environment=key)
        self.addCleanup(server.__exit__)
        client = self.client(server.start())
        self.assertEqual(client.get("/health/deep").status, 401)
        answer = client.get("/health/deep", headers={"api-key": "a-long-secret-key"})
        self.assertEqual(answer.status, 200)


if __name__ == "__main__":
    unittest.main()
