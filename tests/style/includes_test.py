# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom: the table of docs/architecture.md as a test.

Usage: includes_test.py [--self-test]
"""

import re
import sys

import source_tree

# Third-party headers by library; the first pattern that matches names it.
LIBRARIES = [
    ("caf", r"caf/"),
    ("wiredtiger", r"wiredtiger"),
    ("cereal", r"cereal/"),
    ("beast", r"boost/beast"),
    ("asio", r"boost/asio"),
    ("json", r"boost/json"),
    ("dll", r"boost/dll"),
    ("boost", r"boost/"),
    ("openssl", r"openssl/"),
    ("roaring", r"roaring/"),
    ("re2", r"re2/"),
    ("spdlog", r"(spdlog|fmt)/"),
    ("prometheus", r"prometheus/"),
    ("toml", r"toml(\+\+|plusplus)?[/.]"),
    ("highway", r"hwy/"),
    ("cli11", r"CLI/"),
    ("catch2", r"catch2/"),
    ("benchmark", r"benchmark/"),
    ("hnswlib", r"hnswlib/"),
    ("openblas", r"(cblas|lapacke?|openblas_config)\.h|openblas/"),
    ("mimalloc", r"mimalloc"),
    ("zlib", r"(zlib|zconf)\.h"),
    ("curl", r"curl/"),
    ("snowball", r"libstemmer"),
    ("nghttp2", r"nghttp2/"),
]
ANY = {name for name, _ in LIBRARIES}
ENGINE = {"caf", "wiredtiger", "cereal", "beast", "asio", "json", "dll", "cli11", "spdlog",
          "prometheus", "toml"}
BOOST = {"boost", "json"}
OURS = {"core", "config", "storage", "plugins", "actors", "protocols", "apps", "tests", "bench"}

# Folder: (folders of ours, third-party libraries). The longest folder that matches decides, and
# a folder may always include itself.
RULES = {
    "core": (set(), BOOST | {"roaring", "re2"}),
    "core/log": ({"core"}, BOOST | {"spdlog"}),
    "core/metrics": ({"core"}, BOOST | {"prometheus"}),
    "config": ({"core"}, BOOST | {"toml"}),
    "plugins/include": (set(), set()),
    "plugins/kernels": ({"plugins/include"}, {"highway"}),
    "plugins/host": ({"core", "config", "plugins/include"}, BOOST | {"dll", "curl"}),
    "plugins/contract": ({"core", "plugins/include", "plugins/host"}, BOOST | {"dll"}),
    "storage": ({"core", "config"}, BOOST | {"wiredtiger", "cereal", "roaring", "snowball"}),
    "actors/api": ({"core"}, {"caf"}),
    "actors": ({"core", "config", "storage", "plugins/host", "actors"}, BOOST | {"caf"}),
    "actors/runtime": ({"core", "config", "storage", "plugins/host", "actors"},
                       BOOST | {"caf", "asio"}),
    "protocols/bridge": ({"core", "actors/api"}, {"caf", "asio"}),
    "protocols": ({"core", "config", "protocols", "actors/api"},
                  BOOST | {"beast", "asio", "openssl", "nghttp2"}),
    "apps": (OURS - {"tests", "bench"}, ANY - {"catch2", "benchmark", "hnswlib"}),
    "tests": (OURS - {"bench"}, ANY),
    "bench": (OURS, ANY),
    # Strangers' plugins: nothing but the installed headers.
    "docs": ({"plugins/include"}, set()),
    "examples": ({"plugins/include"}, set()),
    "tests/external_plugin": ({"plugins/include"}, set()),
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
C_HEADERS = {"stdint.h", "stddef.h", "stdbool.h", "string.h", "float.h", "limits.h"}


def within(path, folder):
    return path == folder or path.startswith(folder + "/") or (
        folder in ("core/log", "core/metrics") and re.match(re.escape(folder) + r"[._]", path))


def rule_for(path):
    """The rule and its folder; plugins/<kind>_<name> see only the ABI and the kernels."""
    folders = [folder for folder in RULES if within(path, folder)]
    if folders:
        folder = max(folders, key=len)
        return folder, RULES[folder]
    plugin = re.match(r"plugins/[a-z]+_[a-z0-9_]+", path)
    if plugin:
        return plugin.group(0), ({"plugins/include", "plugins/kernels"}, ANY - ENGINE)
    return None, None


def library_of(header):
    for name, pattern in LIBRARIES:
        if re.match(pattern, header):
            return name
    return None


def check_line(path, line):
    """What is wrong with one line of the file at `path`, or None."""
    match = INCLUDE.match(line)
    if not match:
        return None
    header = match.group(1) or match.group(2)
    folder, rule = rule_for(path)
    if rule is None:
        return f"no rule for this folder; includes {header}"
    ours, libraries = rule
    if header.startswith("thespis/plugin/"):
        header = "plugins/include/" + header
    if header.split("/")[0] in OURS and "/" in header:
        allowed = ours | {folder}
        if any(within(header, other) for other in allowed):
            return None
        return f"{folder} may not include {header}"
    if match.group(1):
        return f'"{header}" is not written from the root of the tree'
    library = library_of(header)
    if library and library not in libraries:
        return f"{folder} may not include <{header}> ({library})"
    plain_c = folder == "plugins/include" and path.endswith(".h")
    if plain_c and header not in C_HEADERS:
        return f"a C header may include C's freestanding headers only, not <{header}>"
    return None


def check_tree():
    problems = []
    checked = source_tree.files(source_tree.CPP_SUFFIXES)
    for path in checked:
        text = (source_tree.ROOT / path).read_text(encoding="utf-8")
        for number, line in enumerate(text.splitlines(), start=1):
            problem = check_line(path.as_posix(), line)
            if problem:
                problems.append(f"{path}:{number}: {problem}")
    source_tree.report(problems, len(checked))


FORBIDDEN = [
    ("core/point.hpp", "#include <caf/all.hpp>"),
    ("core/point.hpp", "#include <boost/asio/io_context.hpp>"),
    ("core/point.hpp", "#include <wiredtiger.h>"),
    ("core/point.hpp", "#include <spdlog/spdlog.h>"),
    ("core/point.hpp", '#include "storage/journal.hpp"'),
    ("core/point.hpp", '#include "error.hpp"'),
    ("config/config.hpp", '#include "storage/engine.hpp"'),
    ("storage/journal.cpp", '#include "actors/api/messages.hpp"'),
    ("storage/journal.cpp", "#include <boost/beast/http.hpp>"),
    ("actors/collection.cpp", "#include <wiredtiger.h>"),
    ("actors/collection.cpp", "#include <boost/asio/post.hpp>"),
    ("actors/collection.cpp", "#include <cereal/archives/binary.hpp>"),
    ("actors/api/messages.hpp", '#include "storage/journal.hpp"'),
    ("protocols/rest/points.cpp", "#include <caf/all.hpp>"),
    ("protocols/rest/points.cpp", '#include "storage/journal.hpp"'),
    ("protocols/rest/points.cpp", '#include "actors/collection.hpp"'),
    ("protocols/bridge/ask.hpp", "#include <boost/beast/core.hpp>"),
    ("plugins/index_hnsw/graph.cpp", '#include "core/limits.hpp"'),
    ("plugins/index_hnsw/graph.cpp", '#include "plugins/index_flat/flat.hpp"'),
    ("plugins/index_hnsw/graph.cpp", '#include "plugins/host/index.hpp"'),
    ("plugins/kernels/distance.cpp", "#include <cblas.h>"),
    ("plugins/kernels/distance.cpp", '#include "core/distance.hpp"'),
    ("plugins/include/thespis/plugin/abi.h", "#include <vector>"),
    ("plugins/include/thespis/plugin/abi.h", '#include "core/error.hpp"'),
    ("apps/main.cpp", '#include "tests/support/catch.hpp"'),
    ("apps/main.cpp", "#include <catch2/catch.hpp>"),
    ("docs/example/plugin.cpp", '#include "plugins/kernels/distance.hpp"'),
    ("elsewhere/file.cpp", "#include <vector>"),
]
ALLOWED = [
    ("core/point.hpp", "#include <vector>"),
    ("core/point.hpp", '#include "core/ids.hpp"'),
    ("core/log.cpp", "#include <spdlog/spdlog.h>"),
    ("core/log_line.cpp", '#include "core/limits.hpp"'),
    ("core/metrics.cpp", "#include <prometheus/registry.h>"),
    ("config/loader.cpp", "#include <toml++/toml.h>"),
    ("storage/wt.cpp", "#include <wiredtiger.h>"),
    ("storage/fields/keyword.cpp", '#include "storage/journal.hpp"'),
    ("actors/collection.cpp", "#include <caf/all.hpp>"),
    ("actors/runtime/pool.cpp", "#include <boost/asio/io_context.hpp>"),
    ("protocols/bridge/ask.cpp", "#include <caf/all.hpp>"),
    ("protocols/http/session.cpp", "#include <boost/beast/http.hpp>"),
    ("plugins/index_hnsw/graph.cpp", '#include "plugins/kernels/distance.hpp"'),
    ("plugins/index_hnsw/graph.cpp", '#include "plugins/index_hnsw/graph.hpp"'),
    ("plugins/index_hnsw/graph.cpp", '#include "thespis/plugin/index.h"'),
    ("plugins/compute_cpu/blas.cpp", "#include <cblas.h>"),
    ("plugins/include/thespis/plugin/abi.h", "#include <stdint.h>"),
    ("plugins/include/thespis/plugin/plugin.hpp", "#include <vector>"),
    ("apps/main.cpp", '#include "storage/engine.hpp"'),
]


def self_test():
    problems = [f"not refused: {path}: {line}" for path, line in FORBIDDEN
                if check_line(path, line) is None]
    problems += [f"refused: {path}: {line}: {check_line(path, line)}" for path, line in ALLOWED
                 if check_line(path, line) is not None]
    source_tree.report(problems, len(FORBIDDEN) + len(ALLOWED))


if __name__ == "__main__":
    if sys.argv[1:] == ["--self-test"]:
        self_test()
    check_tree()
