# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A real server process on a free loopback port, and a small client for it."""

import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse

READY_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
REQUEST_TIMEOUT_S = 60


def binary():
    """The executable under test: the environment's THESPIS_BINARY."""
    return os.environ["THESPIS_BINARY"]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ServerFailed(Exception):
    """The process ended, or was not ready in time; carries what it printed."""


class Reply:
    """Status, headers and body of an answer; `json` is the parsed body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def result(self):
        """The `result` of a success; raises where the answer is an error."""
        if self.status != 200:
            raise AssertionError(f"status {self.status}: {self.body[:2000]!r}")
        return self.json["result"]


class Client:
    """One keep-alive connection."""

    def __init__(self, port, timeout_s=REQUEST_TIMEOUT_S):
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)

    def request(self, method, path, body=None, headers=None):
        """`body`: bytes or text as they are, anything else as JSON."""
        headers = dict(headers or {})
        if body is not None and not isinstance(body, (bytes, str)):
            body = json.dumps(body)
        if isinstance(body, str):
            body = body.encode()
        if body is not None:
            headers.setdefault("content-type", "application/json")
        self.connection.request(method, path, body=body, headers=headers)
        answer = self.connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def get(self, path, **more):
        return self.request("GET", path, **more)

    def put(self, path, body, **more):
        return self.request("PUT", path, body, **more)

    def post(self, path, body, **more):
        return self.request("POST", path, body, **more)

    def delete(self, path, **more):
        return self.request("DELETE", path, **more)

    def close(self):
        self.connection.close()


class Server:
    """`thespis serve` on a data folder. Usable as a context manager, which kills it at the end."""

    def __init__(self, data_dir, arguments=(), environment=None, prefix=(), port=None):
        self.data_dir = pathlib.Path(data_dir)
        self.arguments = list(arguments)
        self.environment = dict(environment or {})
        self.prefix = list(prefix)
        self.port = port or free_port()
        self.process = None
        self.log = tempfile.TemporaryFile()

    def spawn(self):
        """Starts the process and does not wait for it to be ready."""
        assert self.process is None
        self.process = subprocess.Popen(
            [*self.prefix, binary(), "serve", "--listen", f"127.0.0.1:{self.port}",
             "--data-dir", str(self.data_dir), *self.arguments],
            env={**os.environ, **self.environment}, stdin=subprocess.DEVNULL,
            stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True)
        return self

    def start(self, timeout_s=READY_TIMEOUT_S):
        """Starts the process and waits until it says that it is ready."""
        self.spawn()
        return self.wait_ready(timeout_s)

    def wait_ready(self, timeout_s=READY_TIMEOUT_S):
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise ServerFailed(f"ended with {self.process.returncode}:\n{self.output()}")
            try:
                client = Client(self.port, timeout_s)
                if client.get("/readyz").status == 200:
                    return self
            except OSError:
                pass
            finally:
                client.close()
            time.sleep(0.02)
        raise ServerFailed(f"not ready after {timeout_s} s:\n{self.output()}")

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def stop(self):
        """Asks it to end in order and returns its exit status."""
        self.process.send_signal(signal.SIGTERM)
        status = self.wait_exit(STOP_TIMEOUT_S)
        self.process = None
        return status

    def wait_exit(self, timeout_s=STOP_TIMEOUT_S):
        """The exit status of a process that ends by itself."""
        try:
            return self.process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise ServerFailed(f"still running after {timeout_s} s:\n{self.output()}") from None

    def output(self):
        """What it has printed so far, over all its starts."""
        self.log.seek(0)
        return self.log.read().decode(errors="replace")

    def client(self, timeout_s=REQUEST_TIMEOUT_S):
        return Client(self.port, timeout_s)

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.log.close()


def quoted(name):
    return urllib.parse.quote(name, safe="")


def wait_green(client, collection, timeout_s=60):
    """Waits until everything is indexed and returns the collection's info."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        info = client.get(f"/collections/{quoted(collection)}").result
        if info["status"] == "green":
            return info
        time.sleep(0.05)
    raise AssertionError(f"collection '{collection}' is not green after {timeout_s} s: {info}")
