// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/toml_scan.hpp"

#include "config/load.hpp"
#include "core/limits.hpp"
#include "tests/support/catch.hpp"

namespace thespis::config {

namespace {

// 0: there is none.
std::size_t line_of_fault(std::string_view text) {
  const auto fault = find_toml_fault(text);
  return fault ? fault->line : 0;
}

}  // namespace

TEST_CASE("characters beyond ASCII are found outside of texts and comments") {
  CHECK(line_of_fault("a = \xC3\xA9") == 1);
  CHECK(line_of_fault("a = 1\nb\xC3\xA9 = 2\n") == 2);
  CHECK(line_of_fault("a = 'x' \xC2\xA0\n") == 1);
  CHECK(line_of_fault("a = ''\xC3\xA9") == 1);
  CHECK(line_of_fault("a = \"\"\"x\n\"\"\"\n\n\xC3\xA9") == 4);
  CHECK(line_of_fault("a = \"x\\\"\" \xC3\xA9") == 1);
  CHECK(line_of_fault("a = \"\"\"x \\\n \xC3\xA9\"\"\"") == 2);
  CHECK(line_of_fault("a = 1'\xC3\xA9'") == 1);
  // A text ends with its line.
  CHECK(line_of_fault("a = \"x\n\xC3\xA9") == 2);
  // The long text has two quotes of its own at its end.
  CHECK(line_of_fault("a = '''x'''''\xC3\xA9") == 1);
}

TEST_CASE("characters beyond ASCII may stand in texts and comments") {
  for (const auto* text :
       {"", "a = 1", "\xEF\xBB\xBF# \xC3\xA9\na = 'x'", "a = '\xC3\xA9'", "\"\xC3\xA9\" = 1",
        "a = \"\\\"\xC3\xA9\"", "a = \"\"\"\n\xC3\xA9 \"\" \xC3\xA9\"\"\"\n",
        "a = '''\\'\xC3\xA9'''", "a = '\\' # \xC3\xA9", "a = \"unfinished \xC3\xA9",
        "a = '''unfinished \xC3\xA9", "a = \"\\"})
    CHECK(line_of_fault(text) == 0);
}

TEST_CASE("a key has a bounded number of parts") {
  const auto key = [](std::size_t parts) {
    std::string text = "a";
    for (std::size_t i = 1; i < parts; ++i) text += i % 2 == 0 ? ".a" : " . 'b.c'";
    return text;
  };
  CHECK(line_of_fault(key(toml_key_parts_max) + " = 1.5\n") == 0);
  CHECK(line_of_fault("\n" + key(toml_key_parts_max + 1) + " = 1\n") == 2);
  CHECK(line_of_fault("[" + key(toml_key_parts_max + 1) + "]") == 1);
  CHECK(line_of_fault("a = [1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5, 1.5,"
                      "1.5, 1.5, 1.5, 1.5]") == 0);
}

TEST_CASE("a key as long as a file may be is refused") {
  std::string text = "a";
  while (text.size() < limits::config_file_bytes_max - 10) text += ".a";
  settings all;
  for (const auto& whole : {text + " = 1", "[" + text + "]"}) {
    const auto read = read_toml(whole, "t.toml", all);
    REQUIRE_FALSE(read);
    CHECK(read.error().message == "t.toml line 1: a key has too many parts");
  }
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
