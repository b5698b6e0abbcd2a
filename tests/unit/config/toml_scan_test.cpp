// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/toml_scan.hpp"

#include "config/load.hpp"
#include "tests/support/catch.hpp"

namespace thespis::config {

TEST_CASE("characters beyond ASCII are found outside of texts and comments") {
  CHECK(line_of_stray_character("a = \xC3\xA9") == 1);
  CHECK(line_of_stray_character("a = 1\nb\xC3\xA9 = 2\n") == 2);
  CHECK(line_of_stray_character("a = 'x' \xC2\xA0\n") == 1);
  CHECK(line_of_stray_character("a = ''\xC3\xA9") == 1);
  CHECK(line_of_stray_character("a = \"\"\"x\n\"\"\"\n\n\xC3\xA9") == 4);
  CHECK(line_of_stray_character("a = \"x\\\"\" \xC3\xA9") == 1);
  // A text ends with its line.
  CHECK(line_of_stray_character("a = \"x\n\xC3\xA9") == 2);
  // The long text has two quotes of its own at its end.
  CHECK(line_of_stray_character("a = '''x'''''\xC3\xA9") == 1);
}

TEST_CASE("characters beyond ASCII may stand in texts and comments") {
  for (const auto* text :
       {"", "a = 1", "\xEF\xBB\xBF# \xC3\xA9\na = 'x'", "a = '\xC3\xA9'", "\"\xC3\xA9\" = 1",
        "a = \"\\\"\xC3\xA9\"", "a = \"\"\"\n\xC3\xA9 \"\" \xC3\xA9\"\"\"\n",
        "a = '''\\'\xC3\xA9'''", "a = '\\' # \xC3\xA9", "a = \"unfinished \xC3\xA9",
        "a = '''unfinished \xC3\xA9", "a = \"\\"})
    CHECK(line_of_stray_character(text) == 0);
}

TEST_CASE("texts that the parser would stumble over are refused") {
  for (const auto* text : {"[!server]\n", "[[[a]]]\n", "[[=", "[&", "[log]\nlevel = \xC3\xA9\n"}) {
    settings all;
    const auto read = read_toml(text, "t.toml", all);
    REQUIRE_FALSE(read);
    CHECK(read.error().code == errc::invalid_argument);
    CHECK(read.error().message.find("t.toml line ") == 0);
  }
}

}  // namespace thespis::config
