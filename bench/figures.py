#!/usr/bin/env python3
# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Measures the figures of docs/benchmarks.md on Fashion-MNIST: one command, one run.

Server and client share the machine; hnswlib is measured in the same run as the yardstick.
Usage: bench/figures.py [--build DIR] [--data DIR] [--json FILE]
"""

import argparse
import json
import os
import pathlib
import random
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

TREE = pathlib.Path(__file__).resolve().parent.parent
EFS = [16, 24, 32, 40, 48, 64, 80, 96, 128]
RECALL = 0.99


class Server:
    """A `thespis serve` process over one data folder."""

    def __init__(self, thespis, data_dir):
        self.thespis, self.data_dir = thespis, data_dir
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.process = subprocess.Popen(
            [self.thespis, "serve", "--listen", f"127.0.0.1:{self.port}", "--data-dir",
             str(self.data_dir)], stderr=open(f"{self.data_dir}.log", "ab"))

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.url + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)["result"]

    def wait_ready(self):
        while True:
            try:
                with urllib.request.urlopen(self.url + "/readyz", timeout=5):
                    return
            except (urllib.error.URLError, ConnectionError):
                if self.process.poll() is not None:
                    sys.exit(f"the server ended with {self.process.returncode}")
                time.sleep(0.005)

    def resident_bytes(self):
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
        return 0

    def end(self, how):
        self.process.send_signal(how)
        self.process.wait()


def run_json(command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, check=True)
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


def at_recall(curve, wanted, rate):
    """The rate at a recall, on the line between the two neighbouring points of the curve."""
    points = sorted((point["recall"], point[rate]) for point in curve)
    for (low, low_rate), (high, high_rate) in zip(points, points[1:]):
        if low <= wanted <= high and high > low:
            return low_rate + (high_rate - low_rate) * (wanted - low) / (high - low)
    return points[0][1] if points[0][0] >= wanted else None


def in_process(build, images):
    """hnswlib and our index in one process, interleaved."""
    command = [build / "bin/thespis_bench_ann", "--base", images / "train-images-idx3-ubyte.gz",
               "--queries", images / "t10k-images-idx3-ubyte.gz", "--m", 16,
               "--ef-construct", 200]
    return run_json(command)[-1]


def load_small(server, thespis, folder):
    """Seconds from the start of an import of 10,000 x 128 until it is durable and searchable."""
    draw = random.Random(7)
    vectors = folder / "small.fbin"
    with open(vectors, "wb") as out:
        out.write(struct.pack("<ii", 10_000, 128))
        for _ in range(10_000):
            out.write(struct.pack("<128f", *(draw.gauss(0, 1) for _ in range(128))))
    server.ask("PUT", "/collections/small", {"vectors": {"size": 128, "distance": "Euclid"}})
    start = time.monotonic()
    subprocess.run([thespis, "import", str(vectors), "--collection", "small", "--url", server.url,
                    "--json"], check=True, stdout=subprocess.DEVNULL)
    found = server.ask("POST", "/collections/small/points/query", {"query": 9_999, "limit": 1})
    seconds = time.monotonic() - start
    assert found["points"], "nothing was found"
    return seconds


def load_images(server, thespis, images):
    start = time.monotonic()
    subprocess.run([thespis, "import", str(images / "train-images-idx3-ubyte.gz"), "--collection",
                    "fashion", "--create", "--distance", "euclid", "--m", "16", "--ef-construct",
                    "200", "--wait-indexed", "--url", server.url, "--json"], check=True,
                   stdout=subprocess.DEVNULL)
    return time.monotonic() - start


def search(server, build, images, connections):
    command = [build / "bin/thespis_bench_server", "--port", server.port, "--collection", "fashion",
               "--base", images / "train-images-idx3-ubyte.gz", "--queries",
               images / "t10k-images-idx3-ubyte.gz", "--connections", connections]
    return run_json(command + ["--ef", *EFS])


def restart(server):
    """Seconds from the start of the process after kill -9 to the first right answer."""
    wanted = {"query": 123, "limit": 5}
    right = server.ask("POST", "/collections/fashion/points/query", wanted)["points"]
    server.end(signal.SIGKILL)
    start = time.monotonic()
    server.start()
    server.wait_ready()
    while True:
        try:
            found = server.ask("POST", "/collections/fashion/points/query", wanted)["points"]
            break
        except urllib.error.HTTPError:
            time.sleep(0.005)
    seconds = time.monotonic() - start
    assert [p["id"] for p in found] == [p["id"] for p in right], "a wrong answer after restart"
    return seconds


def ratios(figures):
    """What the goals are stated in."""
    subjects = figures["in_process"]["subjects"]
    peer, ours = subjects["hnswlib"], subjects["thespis"]
    peer_two = peer["queries_per_s_multi_at_recall"]["0.990"]
    index_us = 1e6 / ours["queries_per_s_at_recall"]["0.990"]
    return {
        "load_to_hnswlib_build": peer["build_s"] / figures["load_s"],
        "rest_8_to_hnswlib_2_threads": figures["rest_8_at_99"] / peer_two,
        "rest_1_p50_us_above_index": figures["rest_1_p50_us_at_99"] - index_us,
        "index_to_hnswlib_1_thread": ours["queries_per_s_at_recall"]["0.990"] /
        peer["queries_per_s_at_recall"]["0.990"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", type=pathlib.Path, default=TREE / "build/release")
    parser.add_argument("--data", type=pathlib.Path,
                        default=pathlib.Path("/usr/share/datasets/fashion-mnist"))
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()
    thespis = options.build / "bin/thespis"
    figures = {"cores": os.cpu_count()}
    yardstick = in_process(options.build, options.data)
    figures["in_process"] = yardstick
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        server = Server(thespis, folder / "data")
        server.start()
        try:
            server.wait_ready()
            figures["small_load_s"] = load_small(server, thespis, folder)
            server.ask("DELETE", "/collections/small")
            figures["load_s"] = load_images(server, thespis, options.data)
            time.sleep(5)
            figures["resident_bytes"] = server.resident_bytes()
            figures["rest_8"] = search(server, options.build, options.data, 8)
            figures["rest_1"] = search(server, options.build, options.data, 1)
            figures["restart_s"] = restart(server)
        finally:
            server.end(signal.SIGTERM)
    raw_bytes = 60_000 * 784 * 4
    figures["load_points_per_s"] = 60_000 / figures["load_s"]
    figures["resident_to_raw"] = figures["resident_bytes"] / raw_bytes
    figures["rest_8_at_99"] = at_recall(figures["rest_8"], RECALL, "queries_per_s")
    figures["rest_1_p50_us_at_99"] = at_recall(figures["rest_1"], RECALL, "p50_us")
    figures["ratios"] = ratios(figures)
    text = json.dumps(figures, indent=1)
    if options.json:
        options.json.write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
