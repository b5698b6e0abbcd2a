// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/disk_room.hpp"

#include "tests/unit/storage/fixture.hpp"

using namespace thespis;
using namespace thespis::storage;
using namespace thespis::storage::test;

TEST_CASE("writes are refused before the disk is full, deletions later") {
  const tests::scratch_folder folder;
  const auto free = std::filesystem::space(folder.path()).available;
  CHECK(disk_room(folder.path(), 0).check(1, true));
  const disk_room tight(folder.path(), free + free / 2);
  const auto refused = tight.check(1, true);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK(refused.error().message.find(folder.path().string()) != std::string::npos);
  CHECK(tight.check(1, false));
  CHECK(disk_room(folder.path(), 0).check(free, true).error().code == errc::resource_exhausted);
  CHECK(disk_room(folder.path() / "none", 0).check(1, true).error().code == errc::io);
}

TEST_CASE("a collection on a nearly full disk refuses points and still deletes") {
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
  CHECK(store->apply(less));
  CHECK(store->counters().points == 0);
}
