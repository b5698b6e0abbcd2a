# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Damaged, cut and missing files of a data folder: what a start says, and what it keeps.

What cannot be had from anywhere else (the log's middle, tables, the catalog) is refused with an
error that names the file and what to do, and nothing is changed. A torn end of the log starts with
everything durable. What can be rebuilt (indexes, rows, sums, slots) is rebuilt while the server
answers right.
"""

import pathlib
import random
import re
import shutil
import struct
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

import oracle
from ledger import Broken
from scripted import SETTINGS, Script, new_book
from thespis_server import Server, ServerFailed

START_TIMEOUT_S = 30
MARK = b"thespis flushes "
RECORD_ALIGNMENT = 128
# One file of the log and one checkpoint, so that the log has everything since the start.
ONE_LOG = {"THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "3600",
           "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "3600",
           "THESPIS__STORAGE__LOG_FILE_BYTES": str(4 << 20), "THESPIS__LOG__LEVEL": "warn"}
MANY_LOGS = {**ONE_LOG, "THESPIS__STORAGE__LOG_FILE_BYTES": "102400"}
SAVING = {**SETTINGS, "THESPIS__LOG__LEVEL": "warn"}


def flip(path, at, count=1):
    content = bytearray(path.read_bytes())
    for number in range(at, at + count):
        content[number] ^= 0x55
    path.write_bytes(content)


def used_bytes(path):
    """Up to the last byte that is not zero."""
    return len(path.read_bytes().rstrip(b"\0"))


def marks(path):
    """Where the marks of flushes lie in a log file."""
    return [found.start() // RECORD_ALIGNMENT * RECORD_ALIGNMENT
            for found in re.finditer(MARK, path.read_bytes())]


class DamagedFolder(unittest.TestCase):
    """A data folder that a killed server left, with the book of what it promised."""

    def setUp(self):
        folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-damaged-"))
        self.addCleanup(shutil.rmtree, folder)
        self.book = new_book(folder / "ledger")
        self.server = Server(folder / "data")
        self.addCleanup(self.server.__exit__)
        self.data = folder / "data"
        self.database = self.data / "db"
        self.seed = random.randrange(2**32)
        print(f"seed {self.seed}", flush=True)
        self.source = random.Random(self.seed)

    def make(self, settings, upkeep=False, clean=False):
        self.server.environment = settings
        self.server.start()
        script = Script(self.server, self.book, self.seed)
        script.fill()
        script.change()
        script.live_and_die()
        if upkeep:
            script.wait_for_upkeep()
        script.close()
        time.sleep(0.3)  # the flusher's last mark
        if clean:
            self.assertEqual(self.server.stop(), 0)
        else:
            self.server.kill()

    def logs(self):
        return sorted(self.database.glob("WiredTigerLog.*"))

    def table_files(self, kind):
        return sorted(self.database.glob(f"{kind}*.wt"), key=lambda path: -path.stat().st_size)

    def snapshot(self):
        return {path: path.read_bytes() for path in sorted(self.database.iterdir())
                if path.is_file()}

    def check_refused(self, *words):
        """The start ends by itself with a last line that has these words; again and again."""
        for _ in range(2):
            self.server.spawn()
            status = self.server.wait_exit(START_TIMEOUT_S)
            self.server.process = None
            last = self.server.output().strip().splitlines()[-1]
            self.assertGreater(status, 0, f"ended by a signal: {last}")
            for word in ("thespis: ", *words):
                self.assertIn(str(word), last)

    def check_starts(self, *words):
        """It starts with everything promised, and says these words."""
        self.server.start()
        client = self.server.client()
        self.addCleanup(client.close)
        oracle.check(client, self.book, self.source)
        for word in words:
            self.assertIn(word, self.server.output())
        return client


class LogTest(DamagedFolder):
    """The write-ahead log."""

    def test_a_torn_record_after_the_end_starts(self):
        self.make(ONE_LOG)
        log = self.logs()[-1]
        end = -(-used_bytes(log) // RECORD_ALIGNMENT) * RECORD_ALIGNMENT
        content = bytearray(log.read_bytes())
        # A record whose head reached the disk and whose body did not.
        content[end:end + 16] = struct.pack("<IIHHI", 4096, 0x12345678, 0, 0, 0)
        log.write_bytes(content)
        self.check_starts()

    def test_flipped_bytes_in_the_last_record_start(self):
        self.make(ONE_LOG)
        log = self.logs()[-1]
        flip(log, marks(log)[-1] + 20, 8)
        self.check_starts()

    def test_rubbish_after_the_end_starts(self):
        self.make(ONE_LOG)
        log = self.logs()[-1]
        end = used_bytes(log) + 512
        content = bytearray(log.read_bytes())
        content[end:end + 3000] = self.source.randbytes(3000)
        log.write_bytes(content)
        self.check_starts()

    def test_the_end_cut_after_the_last_record_starts(self):
        self.make(ONE_LOG)
        log = self.logs()[-1]
        with open(log, "r+b") as file:
            file.truncate(-(-used_bytes(log) // RECORD_ALIGNMENT) * RECORD_ALIGNMENT)
        self.check_starts()

    def test_flipped_bytes_in_the_middle_are_refused_and_nothing_changes(self):
        self.make(ONE_LOG)
        log = self.logs()[0]
        places = marks(log)
        flip(log, (places[1] + places[2]) // 2, 4)
        before = self.snapshot()
        self.check_refused(log.name, "damaged at byte", "acknowledged", "thespis check", "backup")
        self.assertEqual(self.snapshot(), before)

    def test_every_damaged_part_before_the_last_flush_is_refused(self):
        self.make(ONE_LOG)
        log = self.logs()[0]
        content = log.read_bytes()
        places = marks(log)
        for _ in range(4):
            # Each record is checksummed with its padding, so no place is without effect.
            flip(log, self.source.randrange(places[1], places[-2]))
            self.check_refused(log.name, "damaged at byte")
            log.write_bytes(content)

    def test_a_hole_of_zeros_is_refused(self):
        self.make(ONE_LOG)
        log = self.logs()[0]
        content = bytearray(log.read_bytes())
        places = marks(log)
        begin, end = places[2], places[3]
        content[begin:end] = bytes(end - begin)
        log.write_bytes(content)
        self.check_refused(log.name, "acknowledged")

    def test_a_missing_file_between_others_is_refused(self):
        self.make(MANY_LOGS)
        logs = self.logs()
        self.assertGreater(len(logs), 2)
        logs[1].unlink()
        self.check_refused(logs[1].name.split(".")[1].lstrip("0"), "missing")

    def test_a_file_cut_in_its_middle_is_refused(self):
        self.make(MANY_LOGS)
        log = self.logs()[0]
        with open(log, "r+b") as file:
            file.truncate(marks(log)[1])
        self.check_refused("WiredTigerLog.", "acknowledged")

    def test_no_log_at_all_is_refused(self):
        self.make(ONE_LOG)
        for log in self.logs():
            log.unlink()
        self.check_refused("no log file", "backup")

    def test_an_older_log_that_is_needed_no_more_is_not_looked_at(self):
        self.make(SAVING, upkeep=True, clean=True)
        self.check_starts()


class TableTest(DamagedFolder):
    """Tables, the catalog, and the files that name them."""

    def overwrite(self, path):
        content = path.read_bytes()
        # The first page describes the file; all others are its content.
        rubbish = self.source.randbytes(len(content) - 4096)
        path.write_bytes(content[:4096] + rubbish)

    def test_a_damaged_catalog_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        self.overwrite(self.database / "catalog.wt")
        self.check_refused("catalog.wt", "damaged", "thespis check")

    def test_a_missing_catalog_is_refused_and_no_table_is_removed(self):
        self.make(SAVING, upkeep=True, clean=True)
        (self.database / "catalog.wt").unlink()
        tables = self.table_files("points-")
        self.check_refused("catalog", "backup")
        self.assertEqual(self.table_files("points-"), tables)

    def test_a_damaged_journal_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        self.overwrite(self.database / "journal.wt")
        self.check_refused("journal.wt", "damaged", "thespis check")

    def test_a_damaged_table_of_the_node_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        self.overwrite(self.database / "node.wt")
        self.check_refused("node.wt", "damaged", "thespis check")

    def test_damaged_metadata_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        self.overwrite(self.database / "WiredTiger.wt")
        self.check_refused("WiredTiger", "damaged")

    def test_a_damaged_table_of_a_collection_is_refused_alone(self):
        self.make(SAVING, upkeep=True, clean=True)
        # Its rows have to be read, which the saved files would spare.
        shutil.rmtree(self.data / "derived")
        table = self.table_files("points-")[0]
        self.overwrite(table)
        # The page is met once, which ends the process; after that the table is known.
        self.server.spawn()
        self.assertEqual(self.server.wait_exit(START_TIMEOUT_S), 74)
        self.server.process = None
        last = self.server.output().strip().splitlines()[-1]
        for word in ("thespis: ", table.name, "damaged", "thespis check", "restart"):
            self.assertIn(word, last)
        self.server.start()
        client = self.server.client()
        self.addCleanup(client.close)
        self.check_only_one_is_refused(client, table)
        self.check_drop_mends(client)

    def check_only_one_is_refused(self, client, table):
        refused = client.post("/collections/docs/points/count", {"exact": True})
        self.assertEqual(refused.status, 503)
        self.assertIn(table.stem, refused.json["status"]["error"])
        self.assertIn("backup", refused.json["status"]["error"])
        healthy = self.book.ledgers["later"]
        oracle.check_points(healthy, oracle.scan(client, "later"))

    def check_drop_mends(self, client):
        self.assertIs(client.delete("/collections/docs").result, True)
        self.book.ledgers["docs"].dropped()
        self.server.kill()
        self.check_starts()
        self.assertFalse((self.data / "damaged").exists())

    def test_the_catalog_of_another_folder_is_refused_and_no_table_is_removed(self):
        self.make(SAVING, upkeep=True, clean=True)
        with tempfile.TemporaryDirectory() as other, Server(pathlib.Path(other) / "data",
                                                            environment=SAVING) as empty:
            empty.start()
            self.assertEqual(empty.stop(), 0)
            shutil.copy(pathlib.Path(other) / "data" / "db" / "catalog.wt",
                        self.database / "catalog.wt")
        tables = self.table_files("points-")
        self.check_refused("backup")
        self.assertEqual(self.table_files("points-"), tables)

    def test_a_missing_turtle_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        (self.database / "WiredTiger.turtle").unlink()
        self.check_refused("WiredTiger.turtle", "missing", "backup")

    def test_a_damaged_turtle_is_refused(self):
        self.make(SAVING, upkeep=True, clean=True)
        turtle = self.database / "WiredTiger.turtle"
        for content in (b"", self.source.randbytes(500), turtle.read_bytes()[:200]):
            with self.subTest(bytes=len(content)):
                turtle.write_bytes(content)
                self.check_refused("WiredTiger.turtle", "backup")

    def test_a_damaged_format_file_is_refused(self):
        self.make(SAVING, clean=True)
        for content in (b"", b"rubbish\n", b"thespis data folder, format x\n"):
            with self.subTest(content=content):
                (self.data / "format").write_bytes(content)
                self.check_refused("format file is damaged", self.data)

    def test_a_missing_format_file_is_refused(self):
        self.make(SAVING, clean=True)
        (self.data / "format").unlink()
        self.check_refused("has no format file", self.data)


class DerivedTest(DamagedFolder):
    """What can be rebuilt: the server answers right meanwhile and says what it does."""

    LINES = {"vector-0.index": "saved index does not fit, rebuilding it",
             "vector-0.rows": "saved rows do not fit, reading them again",
             "vector-0.rows.sums": "saved rows do not fit, reading them again",
             "slots": "saved slots do not fit, reading every point"}

    def derived(self, name):
        """The file of the larger collection."""
        return max(self.data.glob(f"derived/*/{name}"), key=lambda path: path.stat().st_size)

    def check_rebuilt(self, name, damage):
        self.make(SAVING, upkeep=True, clean=True)
        file = self.derived(name)
        damage(file)
        client = self.check_starts(self.LINES[name])
        # The index has every point again, and so has the next start.
        oracle.check(client, self.book, self.source, with_index=True)
        self.assertEqual(self.server.stop(), 0)
        self.server.start()
        told = self.server.output().count(self.LINES[name])
        again = self.server.client()
        self.addCleanup(again.close)
        oracle.check(again, self.book, self.source, with_index=True)
        self.assertEqual(told, 1, "damaged again after it was rebuilt")

    def flip_in_the_middle(self, file):
        # A file of rows is as large as the disk space taken ahead; its rows are at its beginning.
        flip(file, min(used_bytes(file) // 2, 4096 + 40), 3)

    def cut(self, file):
        with open(file, "r+b") as out:
            out.truncate(used_bytes(file) // 2)


def add_derived_tests():
    for name in DerivedTest.LINES:
        for damage in (DerivedTest.flip_in_the_middle, DerivedTest.cut):
            def test(self, name=name, damage=damage):
                self.check_rebuilt(name, lambda file: damage(self, file))
            title = re.sub(r"\W", "_", f"{damage.__name__}_of_{name}_is_rebuilt")
            setattr(DerivedTest, f"test_{title}", test)


add_derived_tests()


if __name__ == "__main__":
    unittest.main(verbosity=2)
