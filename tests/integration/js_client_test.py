# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Runs the JavaScript client's tests against a server of their own."""

import os
import pathlib
import subprocess
import sys
import tempfile

from thespis_server import Server

FOLDER = pathlib.Path(__file__).resolve().parent / "js_client"


def main():
    with tempfile.TemporaryDirectory() as folder, Server(pathlib.Path(folder) / "data") as server:
        server.start()
        environment = {**os.environ, "THESPIS_URL": f"http://127.0.0.1:{server.port}"}
        run = subprocess.run(["node", "--test", "client.test.js", "kinds.test.js"], cwd=FOLDER,
                             env=environment, timeout=120, check=False)
        if run.returncode != 0:
            print(server.output()[-5000:])
            return 1
        return server.stop()


if __name__ == "__main__":
    sys.exit(main())
