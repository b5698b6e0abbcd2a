# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Data folders of earlier versions open, hold what they held, and can be written to."""

import gzip
import json
import pathlib
import subprocess
import sys
import tarfile
import tempfile
import unittest

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "integration"))
from thespis_server import Server, binary, wait_green  # noqa: E402

from contents import COLLECTIONS, contents, path, point  # noqa: E402


def folders():
    return sorted(HERE.glob("format-*/*.tar.gz"))


class CompatibilityTest(unittest.TestCase):
    maxDiff = 4000

    def unpacked(self, archive):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with tarfile.open(archive) as packed:
            packed.extractall(folder.name)
        return pathlib.Path(folder.name) / "data"

    def compare(self, server, expected):
        client = server.client()
        self.addCleanup(client.close)
        found = json.loads(json.dumps(contents(client)))
        self.assertEqual(sorted(found), sorted(expected))
        for name, collection in expected.items():
            for part, value in collection.items():
                self.assertEqual(found[name][part], value, f"{name}: {part}")

    def check(self, data_dir):
        """`thespis check` finds it sound."""
        done = subprocess.run([binary(), "check", "--data-dir", str(data_dir), "--json"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertEqual(json.loads(done.stdout)["status"], "sound")

    def test_there_is_something_to_open(self):
        names = {str(archive.relative_to(HERE)) for archive in folders()}
        self.assertLessEqual({"format-1/clean.tar.gz", "format-1/killed.tar.gz"}, names)

    def test_every_kept_folder_opens_and_holds_what_it_held(self):
        for archive in folders():
            with self.subTest(archive=archive.name):
                self.open_and_compare(archive)

    def open_and_compare(self, archive):
        told = archive.with_name(archive.name.replace(".tar.gz", ".json.gz"))
        expected = json.loads(gzip.decompress(told.read_bytes()))
        data_dir = self.unpacked(archive)
        with Server(data_dir) as server:
            server.start()
            self.compare(server, expected)
            self.assertNotIn("quarantined", server.output())
            self.assertEqual(server.stop(), 0, server.output())
            self.check(data_dir)
            server.start()
            client = server.client()
            self.addCleanup(client.close)
            for name in COLLECTIONS:
                wait_green(client, name)
            self.compare(server, expected)
            self.write_more(client, expected)
            self.assertEqual(server.stop(), 0, server.output())
        self.check(data_dir)

    def write_more(self, client, expected):
        for name, of in COLLECTIONS.items():
            if of["points"] == 0:
                continue
            fresh = {**point(name, 0, 3), "id": 10**6}
            write = {"points": [fresh]}
            key = {"Idempotency-Key": "fresh-" + name.replace(" ", "-")}
            told = [client.put(path(name, "/points?wait=true"), write, headers=key).result
                    for _ in range(2)]
            self.assertEqual(told[0], told[1])
            count = client.post(path(name, "/points/count"), {"exact": True}).result["count"]
            self.assertEqual(count, expected[name]["count"] + 1)

    def test_an_unrecovered_log_is_checked_as_it_is(self):
        self.check(self.unpacked(HERE / "format-1" / "killed.tar.gz"))

    def test_derived_files_of_a_newer_format_are_made_anew(self):
        archive = HERE / "format-1" / "clean.tar.gz"
        expected = json.loads(gzip.decompress((HERE / "format-1" / "clean.json.gz").read_bytes()))
        for kind, told in (("slots", "saved slots do not fit"),
                           ("*.rows.sums", "saved rows do not fit"),
                           ("*.rows", "saved rows do not fit"),
                           ("*.index", "saved index")):
            with self.subTest(kind=kind):
                data_dir = self.unpacked(archive)
                changed = list((data_dir / "derived").glob(f"*/{kind}"))
                self.assertTrue(changed)
                for file in changed:
                    content = bytearray(file.read_bytes())
                    content[8:12] = (99).to_bytes(4, "little")  # the number after the magic word
                    file.write_bytes(content)
                with Server(data_dir) as server:
                    server.start()
                    self.compare(server, expected)
                    self.assertIn(told, server.output())
                    self.assertEqual(server.stop(), 0, server.output())
                self.check(data_dir)

    def test_a_newer_folder_is_refused_and_left_as_it_is(self):
        data_dir = self.unpacked(HERE / "format-1" / "clean.tar.gz")
        (data_dir / "format").write_text("thespis data folder, format 2\n")
        before = {file: file.read_bytes() for file in data_dir.rglob("*") if file.is_file()}
        with Server(data_dir) as server:
            server.spawn()
            self.assertNotEqual(server.wait_exit(), 0)
            self.assertIn("has format 2, this build reads up to 1", server.output())
        done = subprocess.run([binary(), "check", "--data-dir", str(data_dir), "--repair"],
                              capture_output=True, text=True, timeout=60, check=False)
        self.assertEqual(done.returncode, 2)
        self.assertIn("has format 2", done.stderr)
        after = {file: file.read_bytes() for file in data_dir.rglob("*") if file.is_file()}
        self.assertEqual(before, after)


if __name__ == "__main__":
    unittest.main()
