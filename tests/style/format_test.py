# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""All C and C++ files are as clang-format writes them; skipped where it is not installed."""

import shutil
import subprocess
import sys

import source_tree

SKIPPED = 77

if __name__ == "__main__":
    formatter = shutil.which("clang-format")
    if formatter is None:
        print("clang-format is not installed")
        sys.exit(SKIPPED)
    paths = source_tree.files(source_tree.CPP_SUFFIXES)
    mode = ["-i"] if sys.argv[1:] == ["--fix"] else ["--dry-run", "-Werror"]
    run = subprocess.run([formatter, *mode, *map(str, paths)], cwd=source_tree.ROOT, check=False)
    source_tree.report(["run clang-format -i on these files"] if run.returncode else [],
                       len(paths))
