// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <thread>

#include "actors/collection/index_upkeep.hpp"
#include "actors/collection/save_pace.hpp"
#include "tests/unit/collection/tidy_fixture.hpp"

using namespace thespis;
using actors::index_upkeep;
using actors::save_pace;
using tests::scratch_folder;
using tests::test_node;
using namespace thespis::tests::tidy;

TEST_CASE("upkeep is due after many inserts or deaths, and not again at once") {
  index_upkeep upkeep;
  upkeep.note_inserted(1'000, 0);
  CHECK_FALSE(upkeep.due(1'000, 0));
  upkeep.note_inserted(1, 0);
  CHECK(upkeep.due(1'001, 0));
  upkeep.note_maintained(0);
  CHECK_FALSE(upkeep.due(1'001, 0));
  upkeep.note_inserted(1'999, 0);
  CHECK(upkeep.due(3'000, 0));
  CHECK_FALSE(upkeep.due(10'000, 0));  // a fifth of 10,000 is 2,000
  CHECK_FALSE(upkeep.due(100'000, 20'000));
  CHECK(upkeep.due(100'000, 20'001));
  upkeep.note_maintained(20'001);
  CHECK_FALSE(upkeep.due(100'000, 20'001));
  CHECK_FALSE(upkeep.due(100'000, 36'000));  // a fifth of the 79,999 that are left
  CHECK(upkeep.due(100'000, 36'001));
}

TEST_CASE("slots that were dead before they were inserted are no reason for upkeep") {
  index_upkeep upkeep;
  upkeep.note_inserted(500, 4'500);
  CHECK_FALSE(upkeep.due(5'000, 4'500));
  CHECK(upkeep.due(5'000, 4'601));
  CHECK_FALSE(upkeep.due(5'000, 4'600));
  CHECK_FALSE(upkeep.due(0, 0));
  const index_upkeep again(upkeep.marks());
  CHECK(again.due(5'000, 4'601));
  CHECK_FALSE(again.due(5'000, 4'600));
}

TEST_CASE("a save that takes long is repeated seldom") {
  save_pace pace(1'000);
  CHECK_FALSE(pace.due(1'099, 100));
  CHECK(pace.due(1'100, 100));
  pace.begin(2'000);
  pace.end(2'050);
  CHECK_FALSE(pace.due(2'150, 100));
  CHECK_FALSE(pace.due(3'049, 100));
  CHECK(pace.due(3'050, 100));
  CHECK_FALSE(pace.due(3'050, 5'000));
}

TEST_CASE("a build is put in order before it is saved, and searches go on meanwhile") {
  const tidy_folder tidy;
  scratch_folder folder;
  {
    test_node node(folder.path(), with_tidy);
    REQUIRE(node.create("docs", tidy_spec()));
    tidy.put("wait");
    REQUIRE(node.upsert("docs", points_from(0, 1'500)));
    const auto waiting = [&] {
      const auto now = node.info("docs");
      return now.indexes[0].tail_slots == 0 && now.status == collection_status::yellow;
    };
    for (int i = 0; i < 1000 && !waiting(); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    CHECK_THAT(node.info("docs").status_detail, Catch::Contains("put in order"));
    CHECK(nearest(node, 700) == 700);
    // What comes now waits in the tail and is found there.
    REQUIRE(node.upsert("docs", points_from(5'000, 10)));
    CHECK(nearest(node, 5'003) == 5'003);
    CHECK(node.info("docs").indexes[0].tail_slots == 10);
    CHECK(tidy.calls().empty());
    tidy.take("wait");
    const auto done = node.indexed("docs");
    CHECK(done.indexes[0].indexed_slots == 1'510);
    CHECK(nearest(node, 5'003) == 5'003);
    const auto calls = tidy.calls();
    REQUIRE_FALSE(calls.empty());
    CHECK(calls[0] == "maintain 1500 dropped 0");
    CHECK(std::count(calls.begin(), calls.end(), calls[0]) == 1);
  }
  CHECK(tidy.calls().back() == "save 1510");
}

TEST_CASE("dead slots are dropped once they are many, and never the living") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  REQUIRE(node.upsert("docs", points_from(0, 900)));
  node.indexed("docs");
  REQUIRE(node.remove("docs", ids_from(0, 180)));
  CHECK(node.indexed("docs").points == 720);
  CHECK(tidy.calls().empty());
  REQUIRE(node.remove("docs", ids_from(180, 2)));
  CHECK(tidy.wait_for("maintain 900 dropped 182"));
  node.indexed("docs");
  CHECK(nearest(node, 0) == 182);
  CHECK(nearest(node, 500) == 500);
  REQUIRE(node.upsert("docs", points_from(0, 50)));
  node.indexed("docs");
  CHECK(nearest(node, 7) == 7);
  CHECK(tidy.calls().size() == 1);
}

TEST_CASE("no memory for upkeep is no failure, anything else restarts the collection") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  tidy.put("no-memory");
  const auto first = node.serving("docs");
  REQUIRE(node.upsert("docs", points_from(0, 1'200)));
  CHECK(tidy.wait_for("maintain 1200 dropped 0"));
  auto told = node.info("docs");
  for (int i = 0; i < 100 && told.status_detail.find("put off") == std::string::npos; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    told = node.info("docs");
  }
  CHECK(told.status == collection_status::yellow);
  CHECK_THAT(told.status_detail, Catch::Contains("put off"));
  CHECK(node.serving("docs") == first);
  CHECK(nearest(node, 1'000) == 1'000);
  tidy.take("no-memory");
  tidy.put("fail");
  REQUIRE(node.upsert("docs", points_from(2'000, 1'300)));
  CHECK(tidy.wait_for("maintain 2500 dropped 0"));
  tidy.take("fail");
  bool restarted = false;
  for (int i = 0; i < 100 && !restarted; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    restarted = node.serving("docs") != first;
  }
  CHECK(restarted);
  CHECK(node.indexed("docs").points == 2'500);
  CHECK(nearest(node, 3'000) == 3'000);
}
