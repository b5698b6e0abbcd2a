# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""`thespis export` and `thespis import` against a real server: exact, and continued after cuts."""

import json
import pathlib
import random
import signal
import struct
import subprocess
import tempfile
import time
import unittest
import uuid

from thespis_server import Client, Server, binary

DEADLINE_S = 120


def float32(bits):
    return struct.unpack("<f", struct.pack("<I", bits))[0]


def random_float(source):
    """Any finite float32 whose vector's length stays possible: denormals and -0.0 are frequent."""
    kind = source.random()
    if kind < 0.1:
        return -0.0
    if kind < 0.2:
        return float32(source.randrange(1, 1 << 23) | source.randrange(2) << 31)
    return float32(source.randrange(2) << 31 | source.randrange(90, 140) << 23
                   | source.randrange(1 << 23))


PAYLOADS = [
    {}, {"n": 18446744073709551615, "i": -9223372036854775808},
    {"x": 0.1, "tiny": 5e-324, "zero": -0.0, "whole": 1.0},
    {"text": "Grüße\u2028 \"quoted\" \\ \n \u0001 🚀", "": {"": []}, "none": None},
    {"deep": [[[{"a": [True, False, {"b": {}}]}]]], "list": [1, "2", None]},
]


def random_points(seed, count, names):
    source = random.Random(seed)
    ids = set()
    for i in range(count):
        ids.add([source.randrange(2**64), str(uuid.UUID(int=source.getrandbits(128))),
                 f"text {i} \"ü\" \\", str(i)][i % 4])
    for one in sorted(ids, key=str):
        vectors = {name: [random_float(source) for _ in range(size)]
                   for name, size in names.items()}
        payload = dict(source.choice(PAYLOADS))
        payload["row"] = source.randrange(1000)
        yield {"id": one, "vector": vectors, "payload": payload}


def run(*words, check=True):
    done = subprocess.run([binary(), *map(str, words)], capture_output=True, text=True,
                          timeout=DEADLINE_S, check=False)
    if check and done.returncode != 0:
        raise AssertionError(f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def point_lines(path):
    """The lines behind the header."""
    return path.read_bytes().splitlines(keepends=True)[1:]


class ExportTest(unittest.TestCase):
    NAMES = {"image": 7, "text": 3, "größe \"x\"": 2}

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.server = Server(self.folder / "data").start()
        self.addCleanup(self.stop_server)
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.client = Client(self.server.port)
        self.addCleanup(self.client.close)
        self.seed = random.randrange(2**32)
        print(f"{self.id()}: seed {self.seed}", flush=True)

    def stop_server(self):
        if self.server.process is not None:
            self.server.kill()
        self.server.log.close()

    def thespis(self, *words, check=True):
        return run(*words, "--url", self.url, check=check)

    def start(self, *words):
        return subprocess.Popen([binary(), *map(str, words), "--url", self.url],
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def create(self, name="docs", **more):
        vectors = {key: {"size": size, "distance": "Dot"} for key, size in self.NAMES.items()}
        vectors["text"].update(on_disk=True, hnsw_config={"m": 24},
                               quantization_config={"scalar": {"type": "int8"}})
        vectors["image"].update(distance="Euclid", index="flat")
        body = {"vectors": vectors, "hnsw_config": {"m": 8, "preset": "fast"}, **more}
        self.assertTrue(self.client.put(f"/collections/{name}", body).result)

    def load(self, name, points):
        points = list(points)
        for at in range(0, len(points), 500):
            self.client.put(f"/collections/{name}/points", {"points": points[at:at + 500]}).result
        return points

    def load_many(self, name, count, dim=64):
        """Points of one unnamed vector, quickly."""
        self.client.put(f"/collections/{name}",
                        {"vectors": {"size": dim, "distance": "Dot"}}).result
        source = random.Random(self.seed)
        path = self.folder / "many.fbin"
        with open(path, "wb") as out:
            out.write(struct.pack("<II", count, dim))
            for _ in range(count):
                out.write(struct.pack(f"<{dim}f", *(source.uniform(-1, 1) for _ in range(dim))))
        self.thespis("import", path, name)

    def count(self, name):
        return self.client.post(f"/collections/{name}/points/count", {}).result["count"]

    def export(self, name, file, *more):
        path = self.folder / file
        self.thespis("export", name, path, *more)
        return path

    def test_a_round_trip_is_exact(self):
        self.create()
        points = self.load("docs", random_points(self.seed, 1200, self.NAMES))
        first = self.export("docs", "first.jsonl", "--batch", 97)
        header = json.loads(first.read_bytes().splitlines()[0])
        self.assertEqual(header["thespis_export"], 1)
        self.assertEqual(header["collection"], "docs")
        self.assertEqual(header["points"], len(points))
        self.assertEqual(header["create"]["vectors"]["text"]["hnsw_config"]["m"], 24)
        kept = {json.dumps(json.loads(line)["id"]): json.loads(line) for line in point_lines(first)}
        self.assertEqual(len(kept), len(points))
        for point in points:
            found = kept[json.dumps(point["id"])]
            self.assertEqual(found["payload"], point["payload"])
            for name, values in point["vector"].items():
                self.assertEqual(struct.pack(f"<{len(values)}f", *found["vector"][name]),
                                 struct.pack(f"<{len(values)}f", *values))
        packed = self.export("docs", "docs.jsonl.zst")
        text = subprocess.run(["zstd", "-dc", packed], capture_output=True, check=True).stdout \
            if self.has_zstd() else None
        if text is not None:
            self.assertEqual(text.splitlines(keepends=True)[1:], point_lines(first))
        for file in (first, packed):
            self.thespis("import", file, "copy", "--batch", 61)
            again = self.export("copy", "again.jsonl", "--force")
            self.assertEqual(point_lines(again), point_lines(first))
            copied = json.loads(again.read_bytes().splitlines()[0])
            self.assertEqual(copied["create"], header["create"])
            self.client.delete("/collections/copy").result
        streamed = run("export", "docs", "-", "--url", self.url).stdout
        self.assertEqual(streamed.encode().splitlines(keepends=True)[1:], point_lines(first))
        self.assertEqual(sorted(path.name for path in self.folder.iterdir()),
                         ["again.jsonl", "data", "docs.jsonl.zst", "first.jsonl"])

    @staticmethod
    def has_zstd():
        try:
            return subprocess.run(["zstd", "--version"], capture_output=True,
                                  check=False).returncode == 0
        except FileNotFoundError:
            return False

    def test_an_unnamed_vector_and_an_empty_collection_make_the_round_trip(self):
        self.client.put("/collections/plain", {"vectors": {"size": 2, "distance": "Cosine"}}).result
        empty = self.export("plain", "empty.jsonl.zst")
        self.client.put("/collections/plain/points",
                        {"points": [{"id": 7, "vector": [3.0, -0.0]}]}).result
        one = self.export("plain", "one.jsonl")
        self.assertEqual(point_lines(one), [b'{"id":7,"vector":[3,-0.0],"payload":{}}\n'])
        self.client.delete("/collections/plain").result
        self.thespis("import", empty)
        self.assertEqual(self.count("plain"), 0)
        self.thespis("import", one)
        self.assertEqual(self.count("plain"), 1)

    def test_pipes_carry_a_collection(self):
        self.create()
        self.load("docs", random_points(self.seed, 50, self.NAMES))
        text = run("export", "docs", "-", "--url", self.url).stdout
        done = subprocess.run([binary(), "import", "-", "piped", "--url", self.url], input=text,
                              text=True, capture_output=True, timeout=DEADLINE_S, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(run("export", "piped", "-", "--url", self.url).stdout.splitlines()[1:],
                         text.splitlines()[1:])

    def test_a_collection_with_rules_makes_the_round_trip(self):
        rules = {"metadata": {"owner": "you", "deep": {"a": [1, None]}},
                 "limits": {"max_points": 100},
                 "strict_mode_config": {"enabled": True, "max_query_limit": 7,
                                        "upsert_max_batchsize": 9}}
        self.client.put("/collections/ruled", {"vectors": {"size": 2, "distance": "Dot"},
                                               **rules}).result
        self.client.put("/collections/ruled/vectors/late",
                        {"dense": {"size": 3, "distance": "Cosine"}}).result
        for first in range(0, 30, 6):
            rows = [{"id": i, "vector": {"": [i, 1], "late": [1, 2, i]}}
                    for i in range(first, first + 6)]
            self.client.put("/collections/ruled/points?wait=true", {"points": rows}).result
        file = self.export("ruled", "ruled.jsonl.zst")
        self.thespis("import", file, "ruled_too")
        first, second = (self.client.get(f"/collections/{name}").result["config"]
                         for name in ("ruled", "ruled_too"))
        self.assertEqual(first, second)
        for name, value in rules.items():
            self.assertEqual(second[name], value)
        lines = [run("export", name, "-", "--url", self.url).stdout.splitlines()[1:]
                 for name in ("ruled", "ruled_too")]
        self.assertEqual(len(lines[0]), 30)
        self.assertEqual(*lines)

    def test_other_parameters_are_refused_by_name(self):
        self.create()
        self.load("docs", random_points(self.seed, 20, self.NAMES))
        file = self.export("docs", "docs.jsonl.zst")
        self.thespis("import", file)
        self.create("other", hnsw_config={"m": 8, "preset": "balanced"})
        refused = self.thespis("import", file, "other", check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("exists with other parameters: hnsw_config.preset is ", refused.stderr)
        self.assertEqual(self.count("other"), 0)
        self.thespis("import", file, "other", "--other-parameters")
        self.assertEqual(self.count("other"), 20)
        refused = self.thespis("export", "docs", file, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("exists; --force", refused.stderr)
        missing = self.thespis("export", "nothing", self.folder / "x", check=False)
        self.assertEqual(missing.returncode, 1)
        self.assertIn("collection 'nothing' does not exist", missing.stderr)

    def wait_for(self, process, path):
        """Waits until `path` is there; returns whether the process still ran then."""
        deadline = time.monotonic() + DEADLINE_S
        while not path.exists() and process.poll() is None:
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)
        return process.poll() is None

    def test_an_export_that_is_cut_is_continued(self):
        self.load_many("docs", 20_000)
        whole = self.export("docs", "whole.jsonl")
        for ending, cut in ((".jsonl", signal.SIGINT), (".jsonl.zst", signal.SIGKILL)):
            file = self.folder / f"cut{ending}"
            state = pathlib.Path(f"{file}.part.state")
            process = self.start("export", "docs", file, "--batch", 20)
            self.assertTrue(self.wait_for(process, state))
            deadline = time.monotonic() + DEADLINE_S
            while json.loads(state.read_text())["points"] == 0:
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.005)
            process.send_signal(cut)
            out, _ = process.communicate(timeout=DEADLINE_S)
            self.assertEqual(process.returncode, 130 if cut == signal.SIGINT else -cut, out)
            self.assertFalse(file.exists())
            done = json.loads(state.read_text())["points"]
            self.assertGreater(done, 0)
            self.assertLess(done, 20_000)
            with open(f"{file}.part", "ab") as part:
                part.write(b"what a crash tore")
            continued = self.thespis("export", "docs", file)
            self.assertIn(f"continuing {file}.part after {done} points", continued.stderr)
            self.assertFalse(state.exists())
            self.thespis("import", file, "copy")
            self.assertEqual(point_lines(self.export("copy", "copy.jsonl", "--force")),
                             point_lines(whole))
            self.client.delete("/collections/copy").result

    def test_an_export_is_not_continued_with_another_collection(self):
        self.load_many("docs", 2_000, dim=4)
        file = self.folder / "docs.jsonl.zst"
        self.export("docs", file)
        state = {"thespis_export_state": 1, "collection": "docs", "uuid": str(uuid.uuid4()),
                 "create": {}, "bytes": 5, "points": 1, "complete": False, "next": 3}
        other = self.folder / "other.jsonl"
        pathlib.Path(f"{other}.part").write_bytes(b"12345")
        pathlib.Path(f"{other}.part.state").write_text(json.dumps(state))
        refused = self.thespis("export", "docs", other, check=False)
        self.assertEqual(refused.returncode, 1)
        self.assertIn("another collection", refused.stderr)
        self.assertIn("--restart begins again", refused.stderr)
        self.thespis("export", "docs", other, "--restart")
        self.assertEqual(len(point_lines(other)), 2_000)

    def state_of(self, file, process):
        """The state beside `file` once there is one."""
        deadline = time.monotonic() + DEADLINE_S
        while True:
            found = list(file.parent.glob(f"{file.name}.*.state"))
            if found:
                return found[0]
            self.assertIsNone(process.poll(), "the import ended before it was cut")
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.005)

    def check_continued(self, file, name, lines):
        continued = self.thespis("import", file, name, "--connections", 3)
        self.assertIn("continuing before row ", continued.stderr)
        self.assertEqual(point_lines(self.export(name, f"{name}.jsonl")), lines)
        self.assertEqual(list(file.parent.glob(f"{file.name}.*.state")), [])

    def test_an_import_that_is_cut_is_continued(self):
        self.load_many("docs", 10_000)
        file = self.export("docs", "docs.jsonl.zst")
        lines = point_lines(self.export("docs", "docs.jsonl"))
        for cut in (signal.SIGINT, signal.SIGKILL):
            name = f"cut{int(cut)}"
            process = self.start("import", file, name, "--batch", 10, "--connections", 2)
            state = self.state_of(file, process)
            process.send_signal(cut)
            out, _ = process.communicate(timeout=DEADLINE_S)
            self.assertEqual(process.returncode, 130 if cut == signal.SIGINT else -cut, out)
            self.assertLessEqual(json.loads(state.read_text())["row"], self.count(name))
            self.assertLess(self.count(name), 10_000)
            self.check_continued(file, name, lines)

    def test_an_export_survives_the_kill_of_the_server(self):
        self.load_many("docs", 20_000)
        whole = self.export("docs", "whole.jsonl")
        file = self.folder / "cut.jsonl"
        process = self.start("export", "docs", file, "--batch", 20)
        self.assertTrue(self.wait_for(process, pathlib.Path(f"{file}.part.state")))
        self.server.kill()
        out, _ = process.communicate(timeout=DEADLINE_S)
        self.assertIn(process.returncode, (1, 3), out)
        self.assertIn("the same command continues", out)
        self.server.start()
        self.thespis("export", "docs", file)
        self.assertEqual(file.read_bytes(), whole.read_bytes())

    def test_payloads_of_any_depth_make_the_round_trip(self):
        self.client.put("/collections/deep", {"vectors": {"size": 1, "distance": "Dot"}}).result
        taken = 0
        for depth in range(8, 70):
            payload = "[" * depth + "]" * depth
            body = f'{{"points":[{{"id":{depth},"vector":[1],"payload":{{"x":{payload}}}}}]}}'
            taken += self.client.put("/collections/deep/points", body).status == 200
        self.assertGreater(taken, 1)
        file = self.export("deep", "deep.jsonl.zst")
        self.thespis("import", file, "again")
        self.assertEqual(self.count("again"), taken)
        self.assertEqual(point_lines(self.export("again", "again.jsonl")),
                         point_lines(self.export("deep", "deep.jsonl")))

    def test_an_import_survives_the_kill_of_the_server(self):
        self.load_many("docs", 10_000)
        file = self.export("docs", "docs.jsonl.zst")
        lines = point_lines(self.export("docs", "docs.jsonl"))
        process = self.start("import", file, "copy", "--batch", 10)
        self.state_of(file, process)
        self.server.kill()
        out, _ = process.communicate(timeout=DEADLINE_S)
        self.assertIn(process.returncode, (1, 3), out)
        self.assertIn("the same command continues there", out)
        self.server.start()
        self.client.close()
        self.client = Client(self.server.port)
        self.check_continued(file, "copy", lines)

    def test_damage_is_named_and_what_was_acknowledged_stays(self):
        self.create()
        self.load("docs", random_points(self.seed, 40, self.NAMES))
        file = self.export("docs", "docs.jsonl")
        lines = file.read_bytes().splitlines(keepends=True)

        def refused(text, expected, points):
            bad = self.folder / "bad.jsonl"
            bad.write_bytes(text)
            done = self.thespis("import", bad, "bad", "--batch", 5, "--connections", 1, check=False)
            self.assertEqual(done.returncode, 1, done.stderr)
            self.assertIn(expected, done.stderr)
            self.assertEqual(self.count("bad"), points)
            self.client.delete("/collections/bad").result

        at = sum(len(line) for line in lines[:12])
        short = lines[12].replace(b'"text":[', b'"text":[1,')
        refused(b"".join(lines[:12] + [short] + lines[13:]),
                f"bad.jsonl line 13, byte {at}: vector 'text' has 4 dimensions, expected 3", 11)
        refused(b"".join(lines[:12] + [b'{"id":}\n'] + lines[13:]),
                f"bad.jsonl line 13, byte {at}: ", 11)
        nonsense = lines[12].replace(b'"text":[', b'"text":["",').replace(b",", b"", 0)
        nonsense = nonsense[:nonsense.index(b'"text":["",')] + b'"text":["",1,2]' + \
            nonsense[nonsense.index(b"]", nonsense.index(b'"text":["",')) + 1:]
        refused(b"".join(lines[:12] + [nonsense] + lines[13:]), "bad.jsonl line 13: ", 11)
        refused(b"".join(lines)[:-10], f"bad.jsonl line 41, byte {sum(map(len, lines[:40]))}: "
                                       "the last line has no end", 39)
        refused(b"".join(lines[:30]), "ends behind line 30 with 29 points, its header names 40", 29)

    def test_a_matrix_is_loaded_with_ids_and_payloads(self):
        rows = [[random.uniform(-1, 1) for _ in range(3)] for _ in range(300)]
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (300, 3), }\n"
        file = self.folder / "rows.npy"
        file.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header +
                         b"".join(struct.pack("<3f", *row) for row in rows))
        ids = [[i, f"text {i}", str(uuid.uuid4())][i % 3] for i in range(300)]
        (self.folder / "ids").write_text("".join(f"{one}\n" for one in ids))
        (self.folder / "payloads.jsonl").write_text(
            "".join(json.dumps({"row": i}) + "\n" for i in range(300)))
        self.thespis("import", file, "rows", "--create", "--ids", self.folder / "ids", "--payload",
                     self.folder / "payloads.jsonl", "--batch", 32, "--offset", 10, "--limit", 200)
        self.assertEqual(self.count("rows"), 200)
        kept = self.client.post("/collections/rows/points", {
            "ids": ids, "with_payload": True, "with_vector": True}).result
        self.assertEqual(len(kept), 200)
        for point in kept:
            row = ids.index(point["id"])
            self.assertEqual(point["payload"], {"row": row})
            self.assertEqual(struct.pack("<3f", *point["vector"]), struct.pack("<3f", *rows[row]))

    def test_progress_is_told_on_request_only(self):
        self.load_many("docs", 3_000, dim=4)
        quiet = self.thespis("export", "docs", self.folder / "a.jsonl.zst", "--quiet")
        self.assertEqual((quiet.stdout, quiet.stderr), ("", ""))
        plain = self.thespis("export", "docs", self.folder / "b.jsonl.zst")
        self.assertEqual(plain.stderr, "")
        self.assertIn("3,000 points of docs into ", plain.stdout)
        told = self.thespis("export", "docs", self.folder / "c.jsonl.zst", "--progress",
                            "--batch", 100)
        self.assertIn(" of 3,000 points (", told.stderr)
        told = self.thespis("import", self.folder / "c.jsonl.zst", "copy", "--progress", "--json")
        self.assertIn(" of 3,000 points (", told.stderr)
        self.assertEqual(json.loads(told.stdout)["points"], 3_000)


if __name__ == "__main__":
    unittest.main()
