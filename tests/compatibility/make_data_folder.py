# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Makes the data folders that every later version must open.

Usage: THESPIS_BINARY=build/release/bin/thespis make_data_folder.py FORMAT

Writes format-FORMAT/clean.tar.gz, a folder after an orderly stop with saved indexes;
format-FORMAT/killed.tar.gz, the same after more writes and kill -9, so that its log has to be
recovered and its derived files are behind; and beside each a JSON of all that the server told
of it. Run it once for a format, when a version that writes it is released; folders that are
there are never made again.
"""

import gzip
import json
import os
import pathlib
import shutil
import sys
import tarfile
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "integration"))
from thespis_server import Server, wait_green  # noqa: E402

from contents import COLLECTIONS, contents, id_of, path, point  # noqa: E402

# Small files: the log is cut into files of the least size, and zeros are packed to nothing.
SETTINGS = {"THESPIS__STORAGE__LOG_FILE_BYTES": "1048576",
            "THESPIS__STORAGE__INDEX_SAVE_INTERVAL_S": "1",
            "THESPIS__STORAGE__CHECKPOINT_INTERVAL_S": "1"}


def put(client, collection, numbers, round_number):
    points = [point(collection, n, round_number) for n in numbers]
    for first in range(0, len(points), 40):
        client.put(path(collection, "/points?wait=true"),
                   {"points": points[first:first + 40]}).result


def delete(client, collection, numbers):
    ids = [id_of(COLLECTIONS[collection]["ids"], n) for n in numbers]
    if ids:
        client.post(path(collection, "/points/delete?wait=true"), {"points": ids}).result


def fill(client):
    for name, of in COLLECTIONS.items():
        client.put(path(name), of["options"]).result
        put(client, name, range(of["points"]), 0)
        put(client, name, range(1, of["points"], 9), 1)
        delete(client, name, range(3, of["points"], 10))
    client.put("/collections/dropped", {"vectors": {"size": 2, "distance": "Dot"}}).result
    client.delete("/collections/dropped").result


def change(client):
    for name, of in COLLECTIONS.items():
        put(client, name, range(2, of["points"], 11), 2)
        delete(client, name, range(5, of["points"], 20))


def pack(data_dir, target):
    """A folder as it is, without the times of its files and the names of their owners."""
    def plain(member):
        member.uid = member.gid = 0
        member.uname = member.gname = ""
        member.mtime = 0
        return member

    with tarfile.open(target, "w:gz", compresslevel=9, format=tarfile.PAX_FORMAT) as archive:
        archive.add(data_dir, arcname="data", filter=plain)


def make(folder, out):
    data_dir = folder / "data"
    with Server(data_dir, environment=SETTINGS) as server:
        client = server.start().client()
        fill(client)
        for name in COLLECTIONS:
            wait_green(client, name)
        expected = contents(client)
        client.close()
        if server.stop() != 0:
            raise SystemExit(server.output())
        pack(data_dir, out / "clean.tar.gz")
        write(out / "clean.json.gz", expected)
        client = server.start().client()
        change(client)
        expected = contents(client)
        client.close()
        server.kill()
        pack(data_dir, out / "killed.tar.gz")
        write(out / "killed.json.gz", expected)


def write(file, expected):
    text = json.dumps(expected, sort_keys=True, separators=(",", ":"))
    file.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def main():
    if len(sys.argv) != 2 or not sys.argv[1].isdigit() or "THESPIS_BINARY" not in os.environ:
        raise SystemExit(__doc__)
    out = pathlib.Path(__file__).parent / f"format-{sys.argv[1]}"
    if out.exists():
        raise SystemExit(f"{out} is there already and must stay as it is")
    out.mkdir()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="thespis-format-"))
    try:
        make(folder, out)
    except BaseException:
        shutil.rmtree(out)
        raise
    finally:
        shutil.rmtree(folder)
    for file in sorted(out.iterdir()):
        print(f"{file.name}: {file.stat().st_size} bytes")


if __name__ == "__main__":
    main()
