# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""The files of the tree that the style tests look at."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("core", "config", "storage", "plugins", "actors", "protocols", "apps", "tests", "bench",
           "clients", "examples", "docs", "deploy", "cmake")
SKIPPED = {"node_modules", "__pycache__", "build", "data"}
CPP_SUFFIXES = {".hpp", ".cpp", ".h", ".c", ".cc"}
HEADER_SUFFIXES = {".hpp", ".h"}


def files(suffixes):
    """Every file with one of the suffixes, as paths relative to the root, sorted."""
    found = []
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            relative = path.relative_to(ROOT)
            if path.suffix in suffixes and path.is_file() and not SKIPPED & set(relative.parts):
                found.append(relative)
    return sorted(found)


def report(problems, checked):
    """Prints the problems and exits with 1 where there are any, or where nothing was checked."""
    for problem in problems:
        print(problem)
    if checked == 0:
        print("nothing was checked")
    print(f"{checked} files checked, {len(problems)} problems")
    sys.exit(1 if problems or checked == 0 else 0)
