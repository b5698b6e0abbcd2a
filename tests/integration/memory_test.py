# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A server that is asked for more memory than it may have: it refuses, and goes on.

Far more points are sent than fit, under a limit of the system and under a configured budget. Writes
end with 507, searches and deletions stay right, the process is not killed, and a restart under the
same limit, and under a lower one, serves the same points.
"""

import array
import pathlib
import random
import struct
import sys
import tempfile
import unittest

from memory_group import Unavailable, memory_group
from thespis_server import Server

MIB = 1 << 20
LIMIT_BYTES = 320 * MIB
BATCH = 500
DIMENSION = {"flat": 512, "graph": 256}
SMALL = {
    "THESPIS__STORAGE__CACHE_BYTES": str(16 * MIB),
    "THESPIS__STORAGE__LOG_FILE_BYTES": str(8 * MIB),
    "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "2",
    "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "2",
    "THESPIS__STORAGE__JOURNAL_RETENTION_BYTES": str(MIB),
    "THESPIS__RUNTIME__POOL_THREADS": "2",
    "THESPIS__RUNTIME__BUILDER_THREADS": "2",
}


def random_floats(source, count):
    return array.array("f", (source.gauss(0, 1) for _ in range(count))).tobytes()


class Points:
    """Vectors that are told apart by their first number, which is the id."""

    def __init__(self):
        source = random.Random(7)
        self.tails = {name: [random_floats(source, dim - 1) for _ in range(97)]
                      for name, dim in DIMENSION.items()}

    def packed(self, name, number):
        return struct.pack("<f", number) + self.tails[name][number % 97]

    def vector(self, name, number):
        return list(struct.unpack(f"<{DIMENSION[name]}f", self.packed(name, number)))

    def body(self, name, first, count):
        ids = range(first, first + count)
        return b"".join([b"THESPUP1", struct.pack("<IIQII", 0, DIMENSION[name], count, 0, 0),
                         struct.pack(f"<{count}Q", *ids),
                         *(self.packed(name, number) for number in ids)])


POINTS = Points()


class Loaded:
    """A server that is filled until it refuses."""

    def __init__(self, test, server):
        self.test = test
        self.server = server
        self.written = dict.fromkeys(DIMENSION, 0)
        self.deleted = set()

    def create(self):
        client = self.server.client()
        for name, dim in DIMENSION.items():
            vectors = {"size": dim, "distance": "Euclid",
                       "index": "flat" if name == "flat" else "hnsw"}
            assert client.put(f"/collections/{name}", {"vectors": vectors}).result is True
        client.close()

    def fill(self, name, bytes_max, refused=True):
        """Writes until a refusal, which is returned; fails if there is none and one is due."""
        client = self.server.client()
        sent = 0
        try:
            while sent < bytes_max:
                body = POINTS.body(name, self.written[name], BATCH)
                answer = client.put(f"/collections/{name}/points?wait=true", body,
                                    headers={"content-type": "application/octet-stream"})
                self.alive()
                if answer.status == 507:
                    return answer.json["status"]["error"]
                self.test.assertEqual(answer.status, 200, answer.body[:500])
                self.written[name] += BATCH
                sent += len(body)
        finally:
            client.close()
        if refused:
            self.test.fail(f"{sent} bytes were written to '{name}' and none refused")
        return None

    def alive(self):
        self.test.assertIsNone(self.server.process.poll(), self.server.output()[-3000:])

    def check(self, searches=10):
        """Exact searches and counts tell what was written."""
        client = self.server.client()
        source = random.Random(11)
        for name, written in self.written.items():
            gone = {number for other, number in self.deleted if other == name}
            count = client.post(f"/collections/{name}/points/count", {"exact": True}).result
            self.test.assertEqual(count["count"], written - len(gone))
            alive = sorted(set(range(written)) - gone)
            for number in source.sample(alive, min(searches, len(alive))):
                hits = client.post(f"/collections/{name}/points/query", {
                    "query": POINTS.vector(name, number), "limit": 1,
                    "params": {"exact": True}}).result["points"]
                self.test.assertEqual([hit["id"] for hit in hits], [number])
        client.close()
        self.alive()

    def delete_some(self):
        client = self.server.client()
        for name, written in self.written.items():
            some = [number for number in range(0, written, max(written // 20, 1))
                    if (name, number) not in self.deleted]
            answer = client.post(f"/collections/{name}/points/delete?wait=true", {"points": some})
            self.test.assertEqual(answer.status, 200, answer.body[:500])
            self.deleted.update((name, number) for number in some)
        client.close()

    def telemetry(self):
        client = self.server.client()
        try:
            return client.get("/telemetry").result
        finally:
            client.close()


class MemoryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="thespis-memory-")
        self.addCleanup(self.folder.cleanup)

    def server(self, **more):
        return Server(pathlib.Path(self.folder.name) / "data", **more)

    def test_a_group_of_processes_bounds_the_server(self):
        try:
            with memory_group() as group:
                group.limit(LIMIT_BYTES)
                with self.server(environment=SMALL, prefix=group.prefix) as server:
                    self.in_group(group, server)
        except Unavailable as reason:
            self.skipTest(str(reason))

    def in_group(self, group, server):
        server.start()
        loaded = Loaded(self, server)
        loaded.create()
        memory = loaded.telemetry()["memory"]
        self.assertEqual(memory["budget_bytes"], LIMIT_BYTES * 3 // 4)
        self.assertIn("cgroup", memory["budget_origin"])

        loaded.fill("graph", LIMIT_BYTES // 20, refused=False)
        told = loaded.fill("flat", 2 * LIMIT_BYTES)
        self.assertIn("runtime.memory_budget_bytes", told)
        self.assertIn(str(memory["budget_bytes"]), told)
        loaded.check()
        loaded.delete_some()
        loaded.check()
        # The edge is found again and again, by small and by large requests.
        for name in DIMENSION:
            loaded.fill(name, LIMIT_BYTES)
        self.refuses_large_body(loaded)
        loaded.check()
        full = loaded.telemetry()["memory"]
        self.assertLessEqual(full["resident_bytes"], LIMIT_BYTES)
        self.assertGreater(full["parts"]["rows"], memory["budget_bytes"] // 4)
        self.assertEqual(group.kills(), 0)

        server.kill()
        server.start()
        loaded.check()
        loaded.delete_some()
        loaded.check()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(group.kills(), 0)
        print(f"{loaded.written} points in {LIMIT_BYTES} bytes, peak {group.peak_bytes()} with "
              f"files, {full}")

        # With less, vectors are read from files, and graphs are left out.
        group.limit(LIMIT_BYTES // 2)
        server.start()
        loaded.check()
        client = server.client()
        self.assertTrue(client.get("/collections/flat").result["indexes"][0]["arena_mapped_bytes"])
        client.close()
        self.assertIn("do not fit into memory", server.output())
        loaded.delete_some()
        loaded.check()
        self.assertEqual(server.stop(), 0)
        self.assertEqual(group.kills(), 0)

    def refuses_large_body(self, loaded):
        """Before it is read: nothing of it is sent."""
        connection = loaded.server.client().connection
        connection.putrequest("PUT", "/collections/flat/points")
        connection.putheader("content-type", "application/octet-stream")
        connection.putheader("content-length", str(31 * MIB))
        connection.endheaders()
        answer = connection.getresponse()
        self.assertEqual(answer.status, 507, answer.read()[:500])
        connection.close()

    def test_a_configured_budget_is_kept(self):
        budget = 150 * MIB
        settings = {**SMALL, "THESPIS__RUNTIME__MEMORY_BUDGET_BYTES": str(budget)}
        with self.server(environment=settings) as server:
            server.start()
            loaded = Loaded(self, server)
            loaded.create()
            memory = loaded.telemetry()["memory"]
            self.assertEqual(memory["budget_bytes"], budget)
            self.assertEqual(memory["budget_origin"], "runtime.memory_budget_bytes")
            self.assertIn(str(budget), loaded.fill("graph", 3 * budget))
            loaded.check()
            memory = loaded.telemetry()["memory"]
            self.assertLessEqual(memory["used_bytes"], budget * 1.1)
            self.assertGreater(memory["parts"]["index"], 0)
            client = server.client()
            metrics = client.get("/metrics").body.decode()
            for part in memory["parts"]:
                self.assertIn(f'thespis_memory_part_bytes{{part="{part}"}}', metrics)
            client.close()
            self.assertEqual(server.stop(), 0)

    def test_a_limit_of_address_space_is_found(self):
        prefix = ["sh", "-c", f'ulimit -v {6 << 20} && exec "$@"', "sh"]
        with self.server(environment=SMALL, prefix=prefix) as server:
            server.start()
            loaded = Loaded(self, server)
            loaded.create()
            memory = loaded.telemetry()["memory"]
            client = server.client()
            refused = 0
            for number in range(60):
                answer = client.put(f"/collections/c{number}",
                                    {"vectors": {"size": 64, "distance": "Dot"}})
                self.assertIn(answer.status, (200, 507), answer.body[:500])
                refused += answer.status == 507
                loaded.alive()
            self.assertTrue("address space" in memory["budget_origin"] or refused, memory)
            client.close()
            loaded.check(searches=0)


if __name__ == "__main__":
    sys.exit(unittest.main(verbosity=2))
