# Copyright 2026 The Thespis authors
# SPDX-License-Identifier: Apache-2.0
"""A release has no fail points: nothing of a step is left, not even its name.

Compiles a step as a release does and as tests do; holds the sources against calls that go past
the macros; and reads the release's executable where there is one.

Usage: compiled_out_test.py COMPILER
"""

import json
import pathlib
import subprocess
import sys
import unittest

from fail_points_test import FOLDERS, ROOT, names_in_sources

SOURCE = """#include "core/fail_point.hpp"
bool step() { THESPIS_FAIL_POINT("object.step"); return THESPIS_FAIL_POINT_FAILS("object.step"); }
"""
RELEASE = ROOT / "build" / "release" / "bin" / "thespis"


def assembly(*flags):
    return subprocess.run([COMPILER, "-std=c++20", "-O2", f"-I{ROOT}", *flags, "-x", "c++", "-S",
                           "-o", "-", "-"], input=SOURCE, capture_output=True, check=True,
                          text=True).stdout


class CompiledOutTest(unittest.TestCase):
    def test_a_step_leaves_nothing_in_a_release(self):
        self.assertIn("object.step", assembly("-DTHESPIS_FAIL_POINTS"))
        self.assertNotIn("object.step", assembly())
        self.assertNotIn("fail_point", assembly())

    def test_steps_are_reached_through_the_macros_only(self):
        for folder in FOLDERS:
            for path in (ROOT / folder).rglob("*.[ch]pp"):
                self.assertNotIn("fail_point::", path.read_text(encoding="utf-8"), path)

    def test_the_preset_of_releases_leaves_them_out(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
        release = next(preset for preset in presets if preset["name"] == "release")
        self.assertEqual(release["inherits"], "base")
        for name in ("base", "release"):
            given = next(preset for preset in presets if preset["name"] == name)
            self.assertNotIn("THESPIS_FAIL_POINTS", given.get("cacheVariables", {}))
        options = (ROOT / "cmake" / "thespis_options.cmake").read_text()
        self.assertRegex(options, r'option\(THESPIS_FAIL_POINTS "[^"]*" OFF\)')

    @unittest.skipUnless(RELEASE.exists(), "no release was built here")
    def test_the_executable_of_a_release_has_none_of_the_names(self):
        content = RELEASE.read_bytes()
        for name in [*names_in_sources(), "THESPIS_FAIL_POINTS"]:
            self.assertNotIn(name.encode() + b"\0", content)


if __name__ == "__main__":
    COMPILER = sys.argv.pop(1)
    unittest.main(verbosity=2)
