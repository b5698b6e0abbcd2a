// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_check.hpp"

#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "core/crc32c.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using storage::check_log;
using storage::log_mark;

namespace {

constexpr std::size_t alignment = 128;

std::string record(const std::string& body) {
  std::string bytes(16, '\0');
  bytes += body;
  bytes.resize((bytes.size() + alignment - 1) / alignment * alignment);
  const auto length = static_cast<std::uint32_t>(bytes.size());
  std::memcpy(bytes.data(), &length, sizeof length);
  const auto sum = crc32c(bytes.data(), bytes.size());
  std::memcpy(bytes.data() + 4, &sum, sizeof sum);
  return bytes;
}

std::string head() { return record(std::string("\x64\x10\x10\x00\x03", 5)); }
std::string commit(char fill) { return record(std::string(300, fill)); }
std::string mark(std::uint64_t term, std::uint64_t flushes) {
  return record('\x83' + to_text(log_mark{term, flushes}) + '\0');
}

/// A database of which only the log matters.
class database {
 public:
  database() { std::filesystem::create_directory(path()); }
  [[nodiscard]] std::filesystem::path path() const { return folder_.path() / "db"; }

  void put(int number, const std::string& content) const {
    std::ofstream out(path() / ("WiredTigerLog.000000000" + std::to_string(number)),
                      std::ios::binary);
    out << content << std::string(4096, '\0');
  }

 private:
  tests::scratch_folder folder_;
};

}  // namespace

TEST_CASE("a mark in the log is read back as it was written") {
  const log_mark written{7, 18446744073709551615u};
  CHECK(storage::parse_log_mark(to_text(written)) == written);
  for (const auto* text : {"", "thespis flushes ", "thespis flushes 1", "thespis flushes 1 x",
                           "thespis flushes 1 2 ", "thespis flushes 99999999999999999999 1"})
    CHECK_FALSE(storage::parse_log_mark(text).has_value());
}

TEST_CASE("a whole log is in order, over several files and boots") {
  const database made;
  made.put(1, head() + commit('a') + mark(1, 0) + commit('b') + mark(1, 1) + mark(1, 1));
  made.put(2, head() + mark(1, 2) + commit('c') + mark(2, 0) + mark(2, 1));
  CHECK(check_log(made.path()));
}

TEST_CASE("the torn end of a log is in order") {
  const database made;
  const auto whole = head() + commit('a') + mark(1, 0) + mark(1, 1);
  auto torn = commit('b');
  torn[40] = 'x';
  SECTION("nothing follows") { made.put(1, whole + torn); }
  SECTION("the mark of a flush that did not return follows") {
    made.put(1, whole + torn + mark(1, 2));
  }
  SECTION("other unsynced records follow") { made.put(1, whole + torn + commit('c')); }
  CHECK(check_log(made.path()));
}

TEST_CASE("damage before a flush that returned is refused") {
  const database made;
  auto torn = commit('b');
  torn[40] = 'x';
  SECTION("of a record") {
    made.put(1, head() + mark(1, 0) + torn + mark(1, 1) + commit('c') + mark(1, 2));
  }
  SECTION("of a mark") {
    auto lost = mark(1, 1);
    lost[20] = 'x';
    made.put(1, head() + mark(1, 0) + lost + commit('c') + mark(1, 2));
  }
  SECTION("by zeros") {
    made.put(1, head() + mark(1, 0) + std::string(512, '\0') + mark(1, 1) + mark(1, 2));
  }
  SECTION("in an earlier file") {
    made.put(1, head() + mark(1, 0) + torn);
    made.put(2, head() + mark(1, 1) + mark(1, 2));
  }
  SECTION("by a missing file") {
    made.put(1, head() + mark(1, 0));
    made.put(3, head() + mark(1, 2));
  }
  SECTION("by the end of a file that is cut off") {
    made.put(1, head() + mark(1, 0));
    made.put(2, head() + mark(1, 3));
  }
  SECTION("of the head of a file") {
    made.put(1, "x" + head().substr(1) + mark(1, 0) + mark(1, 1));
  }
  SECTION("with a newer boot behind it") { made.put(1, head() + mark(1, 0) + torn + mark(2, 0)); }
  const auto checked = check_log(made.path());
  REQUIRE_FALSE(checked);
  CHECK(checked.error().code == errc::corruption);
  CHECK_THAT(checked.error().message, Catch::Contains("WiredTigerLog.") &&
                                          Catch::Contains("acknowledged") &&
                                          Catch::Contains("backup"));
}

TEST_CASE("a new folder has no log to check") {
  const database made;
  CHECK(check_log(made.path()));
}

TEST_CASE("tables without log or turtle are refused") {
  const database made;
  std::ofstream(made.path() / "node.wt") << "a table";
  CHECK_FALSE(check_log(made.path()));
  std::ofstream(made.path() / "WiredTiger.turtle") << "WiredTiger version string\nx\n";
  CHECK_FALSE(check_log(made.path()));
}
