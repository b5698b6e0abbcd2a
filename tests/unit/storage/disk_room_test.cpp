// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/disk_room.hpp"

#include <cerrno>
#include <chrono>
#include <fstream>
#include <thread>

#include "storage/patient_files.hpp"
#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

constexpr std::uint64_t mib = 1u << 20;
constexpr std::uint64_t log_file_bytes = 4 * mib;
constexpr std::uint64_t cache_bytes = 8 * mib;
constexpr std::uint64_t kept_bytes = 2 * log_file_bytes + cache_bytes;

/// A small disk with so much left.
disk_room::space_probe disk_with(const std::uint64_t& free, std::uint64_t capacity = 100 * mib) {
  return [&free, capacity](const std::filesystem::path&, std::error_code&) {
    return std::filesystem::space_info{capacity, free, free};
  };
}

TEST_CASE("writes are refused below the reserve, deletions when nothing dirty could be written") {
  const tests::scratch_folder folder;
  std::uint64_t free = kept_bytes + 7 * mib;
  disk_room room(folder.path(), log_file_bytes, cache_bytes, disk_with(free));
  CHECK(room.check(mib, true));
  const auto refused = room.check(mib + 1, true);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK(refused.error().message.find(folder.path().string()) != std::string::npos);
  CHECK(refused.error().message.find(std::to_string(free)) != std::string::npos);

  free = log_file_bytes + cache_bytes + 200;
  CHECK(room.check(0, true).error().code == errc::resource_exhausted);
  CHECK(room.check(100, false));
  CHECK(room.check(101, false).error().code == errc::resource_exhausted);
}

TEST_CASE("a twentieth of a large disk is kept") {
  const tests::scratch_folder folder;
  std::uint64_t free = 100 * mib;
  const disk_room room(folder.path(), log_file_bytes, cache_bytes, disk_with(free, 2000 * mib));
  CHECK(room.check(0, true));
  CHECK(room.check_file(0));
  --free;
  CHECK(room.check(0, true).error().code == errc::resource_exhausted);
  CHECK(room.check_file(0).error().code == errc::resource_exhausted);
  CHECK(room.check(0, false));
}

TEST_CASE("a cache that grows takes its part of the reserve") {
  const tests::scratch_folder folder;
  std::uint64_t free = kept_bytes + mib;
  disk_room room(folder.path(), log_file_bytes, cache_bytes, disk_with(free));
  CHECK(room.check(0, true));
  room.note_cache(cache_bytes + 2 * mib);
  CHECK(room.check(0, true).error().code == errc::resource_exhausted);
}

TEST_CASE("a disk that cannot be asked is an error") {
  const tests::scratch_folder folder;
  CHECK(disk_room(folder.path() / "none", 0, 0).check(1, true).error().code == errc::io);
}

TEST_CASE("the reserve is taken ahead, given up once and taken again") {
  const tests::scratch_folder folder;
  std::uint64_t free = 90 * mib;
  disk_room room(folder.path(), log_file_bytes, cache_bytes, disk_with(free));
  const auto file = folder.path() / disk_room::ballast_name;
  CHECK(!std::filesystem::exists(file));
  room.settle();
  CHECK(std::filesystem::file_size(file) == kept_bytes);
  CHECK(room.state()->ballast_bytes == kept_bytes);

  // Held ahead, it counts: the disk may be filled by others, and points can still be deleted.
  free = log_file_bytes;
  CHECK(room.check(0, true));
  CHECK(room.check(1, true).error().code == errc::resource_exhausted);
  free = 0;
  CHECK(room.check(0, true).error().code == errc::resource_exhausted);
  CHECK(room.check(100, false));
  CHECK(disk_room(folder.path(), log_file_bytes, cache_bytes, disk_with(free)).check(100, false));

  CHECK(room.relieve());
  CHECK(!room.relieve());
  CHECK(std::filesystem::file_size(file) == 0);
  CHECK(room.state()->full);
  CHECK(room.check(0, false).error().code == errc::resource_exhausted);
  free = 90 * mib;
  CHECK(room.check(0, true).error().code == errc::resource_exhausted);
  room.settle();
  CHECK(!room.state()->full);
  CHECK(room.check(0, true));
  CHECK(std::filesystem::file_size(file) == kept_bytes);
}

TEST_CASE("a ballast with holes does not count") {
  const tests::scratch_folder folder;
  std::ofstream(folder.path() / disk_room::ballast_name).put('x');
  std::filesystem::resize_file(folder.path() / disk_room::ballast_name, kept_bytes);
  CHECK(disk_room(folder.path(), log_file_bytes, cache_bytes).state()->ballast_bytes == 0);
}

TEST_CASE("a write without room waits for some, or fails where nobody waits") {
  int room = 0;
  patient_files files([&] { return ++room == 1; });
  int attempts = 0;
  // The first relief helps, then there is none.
  const auto full = [&] {
    ++attempts;
    return ENOSPC;
  };
  CHECK(files.persist("some.wt", ENOSPC, full) == ENOSPC);
  CHECK(attempts == 1);
  CHECK(room == 2);

  files.wait_for_room(true);
  attempts = 0;
  CHECK(files.persist("some.wt", EDQUOT, [&] { return ++attempts < 3 ? ENOSPC : 0; }) == 0);
  CHECK(attempts == 3);
  CHECK(files.persist("some.wt", ENOSPC, [] { return EIO; }) == EIO);
  CHECK(files.waiting() == 0);

  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(2 * patient_files::retry_ms));
    files.wait_for_room(false);
  });
  CHECK(files.persist("some.wt", ENOSPC, full) == ENOSPC);
  ends.join();
}

TEST_CASE("what no waiting mends is passed on, unless a log file met it") {
  const patient_files files(nullptr);
  CHECK(files.pass_on("db/points-1.wt", EIO) == EIO);
  CHECK(files.pass_on("db/WiredTigerLog.0000000001", ENOENT) == ENOENT);
  // A start wants to hear it.
  CHECK(files.pass_on("db/WiredTigerTmplog.0000000001", ENOSPC) == ENOSPC);
}

TEST_CASE("a collection on a disk without room refuses what changes it and can be read") {
  const tests::scratch_folder folder;
  auto settings = settings_for(folder.path());
  {
    open_engine db(settings);
    const auto store = db.create("docs");
    const std::vector<effect> batch{upsert(point_id(1), {1, 1})};
    REQUIRE(store->apply(batch));
  }
  // The cache counts into the reserve, and its size takes no memory until it is used.
  const auto free = std::filesystem::space(folder.path()).available;
  settings.cache_bytes = free + free / 2;
  open_engine db(settings);
  const auto store = db.store("docs");
  const std::vector<effect> more{upsert(point_id(2), {2, 2})};
  CHECK(store->apply(more).error().code == errc::resource_exhausted);
  CHECK(db.engine->catalog().create("more", spec_of(2)).error().code == errc::resource_exhausted);
  const std::vector<effect> less{erase(point_id(1))};
  CHECK(store->apply(less).error().code == errc::resource_exhausted);
  CHECK(store->counters().points == 1);
  CHECK(store->find(point_id(1))->has_value());
}
