// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/log_files.hpp"

#include <fstream>
#include <string>

#include "storage/wt.hpp"
#include "tests/unit/storage/fixture.hpp"

// WiredTiger 3.2.1 does not free everything when it refuses a log.
extern "C" const char* __lsan_default_suppressions();
extern "C" const char* __lsan_default_suppressions() { return "leak:libwiredtiger\n"; }

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

namespace {

constexpr std::uintmax_t head_bytes = 128;
constexpr std::uintmax_t hole_end = 4096;

std::filesystem::path newest_log(const std::filesystem::path& database) {
  std::filesystem::path newest;
  for (const auto& entry : std::filesystem::directory_iterator(database))
    if (entry.path().filename().string().starts_with("WiredTigerLog."))
      newest = std::max(newest, entry.path());
  REQUIRE_FALSE(newest.empty());
  return newest;
}

/// Adds a log file of which only the head reached the disk.
std::filesystem::path add_headed_log(const std::filesystem::path& database) {
  const auto last = newest_log(database);
  auto name = last.filename().string();
  const auto dot = name.find('.') + 1;
  auto number = std::to_string(std::stoull(name.substr(dot)) + 1);
  name.replace(name.size() - number.size(), number.size(), number);
  const auto added = database / name;
  std::filesystem::copy_file(last, added);
  std::filesystem::resize_file(added, head_bytes);
  return added;
}

/// Adds a log file of which the head and a later page reached the disk.
void add_log_with_hole(const std::filesystem::path& database) {
  const auto added = add_headed_log(database);
  std::filesystem::resize_file(added, hole_end);
  std::ofstream(added, std::ios::app | std::ios::binary) << std::string(hole_end, 'x');
}

}  // namespace

TEST_CASE("a log file of which only the head was durable is no reason to refuse") {
  const tests::scratch_folder folder;
  const auto database = folder.path() / "db";
  const std::vector<effect> batch{upsert(point_id(1), {1, 2})};
  collection_meta meta;
  {
    open_engine db(settings_for(folder.path()));
    const auto docs = db.create("docs");
    meta = docs->meta();
    REQUIRE(docs->apply(batch));
  }
  SECTION("once") { add_headed_log(database); }
  SECTION("with a page of what follows") { add_log_with_hole(database); }
  SECTION("and again, after a recovery that was cut off as well") {
    add_headed_log(database);
    add_headed_log(database);
  }
  open_engine db(settings_for(folder.path()));
  const auto docs = db.engine->catalog().open(meta);
  REQUIRE(docs);
  CHECK(*(*docs)->find(point_id(1)));
  REQUIRE((*docs)->apply(batch));
}

TEST_CASE("WiredTiger itself refuses such a file, or this mend would not be needed") {
  const tests::scratch_folder folder;
  const auto database = folder.path() / "db";
  { const open_engine db(settings_for(folder.path())); }
  SECTION("as a cut leaves it") { add_headed_log(database); }
  SECTION("as it makes it when it cuts off a torn end") { add_log_with_hole(database); }
  const auto opened = wt::connection::open(database, "log=(enabled=true)");
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code == errc::corruption);
  CHECK(*mend_log_files(database));
  CHECK_FALSE(*mend_log_files(database));
  CHECK(wt::connection::open(database, "log=(enabled=true)"));
}

TEST_CASE("whole log files are left as they are, and a missing folder is an error") {
  const tests::scratch_folder folder;
  const auto whole = folder.path() / "WiredTigerLog.0000000001";
  const auto empty = folder.path() / "WiredTigerLog.0000000002";
  const auto other = folder.path() / "WiredTiger.turtle";
  std::ofstream(whole) << std::string(256, 'x');
  std::ofstream(empty) << "";
  std::ofstream(other) << std::string(130, 'x');
  CHECK_FALSE(*mend_log_files(folder.path()));
  CHECK(std::filesystem::file_size(whole) == 256);
  CHECK(std::filesystem::file_size(empty) == 0);
  CHECK(std::filesystem::file_size(other) == 130);
  CHECK(mend_log_files(folder.path() / "missing").error().code == errc::io);
}
