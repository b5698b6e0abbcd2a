// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <thread>
#include <utility>

#include "core/limits.hpp"
#include "tests/unit/collection/tidy_fixture.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;
using namespace thespis::tests::tidy;

namespace {

result<index_check_reply> check(test_node& node) {
  return node.ask<index_check_reply>(node.serving("docs")->writer, actors::check_atom::value);
}

/// Checks that are asked for one after the other and answered later. What the same thread asks
/// after it was made comes after them.
class asked_checks {
 public:
  asked_checks(test_node& node, std::size_t count) : asker_(node.node().runtime().system()) {
    const auto writer = node.serving("docs")->writer;
    for (std::size_t i = 0; i < count; ++i)
      handles_.push_back(
          asker_->request(writer, std::chrono::seconds(60), actors::check_atom::value));
  }

  /// Waits for the answer to the next one.
  result<index_check_reply> next() {
    result<index_check_reply> outcome = error(errc::internal, "no answer");
    handles_[answered_++].receive(
        [&](const index_check_reply& reply) { outcome = reply; },
        [&](const caf::error& failure) { outcome = actors::from_caf(failure); });
    return outcome;
  }

 private:
  using handle = decltype(std::declval<caf::scoped_actor&>()->request(
      std::declval<const actors::collection_actor&>(), std::chrono::seconds(1),
      actors::check_atom::value));

  caf::scoped_actor asker_;
  std::vector<handle> handles_;
  std::size_t answered_ = 0;
};

/// A node whose index of 1,500 points is being put in order until the file `wait` is taken away.
void begin_upkeep(test_node& node, const tidy_folder& tidy) {
  REQUIRE(node.create("docs", tidy_spec()));
  tidy.put("wait");
  REQUIRE(node.upsert("docs", points_from(0, 1'500)));
  const auto ordered = [&] {
    return node.info("docs").status_detail.find("put in order") != std::string::npos;
  };
  for (int i = 0; i < 1000 && !ordered(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  REQUIRE(ordered());
}

}  // namespace

TEST_CASE("a check drops the dead, however few, and tells what each index found") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  auto spec = tidy_spec();
  spec.vectors[0].name = "list";
  spec.vectors.push_back(
      {"scanned", 2, distance::euclid, element_type::float32, "flat", std::nullopt});
  REQUIRE(node.create("docs", spec));
  std::vector<point> points;
  for (auto& one : points_from(0, 20)) {
    const auto& values = one.vectors[0].values;
    points.push_back({one.id, {{"list", values}, {"scanned", values}}, payload{}});
  }
  REQUIRE(node.upsert("docs", points));
  node.indexed("docs");
  REQUIRE(node.remove("docs", ids_from(0, 3)));
  tidy.put("torn");
  const auto found = check(node);
  REQUIRE(found);
  REQUIRE(found->indexes.size() == 2);
  const auto& list = found->indexes[0];
  CHECK(list.name == "list");
  CHECK(list.index == "tidy");
  CHECK(list.nodes == 17);
  CHECK(list.dropped == 3);
  CHECK(list.unreachable == 2);
  CHECK(list.mended == 1);
  const auto& scanned = found->indexes[1];
  CHECK(scanned.name == "scanned");
  CHECK(scanned.index == "flat");
  CHECK(scanned.nodes + scanned.dropped + scanned.unreachable + scanned.mended == 0);
  const auto again = check(node);
  REQUIRE(again);
  CHECK(again->indexes[0].nodes == 17);
  CHECK(again->indexes[0].dropped == 0);
}

TEST_CASE("a check of indexes that scan is answered at once") {
  scratch_folder folder;
  test_node node(folder.path());
  auto spec = tidy_spec();
  spec.vectors[0].index = "flat";
  REQUIRE(node.create("docs", spec));
  CHECK(check(node));
  REQUIRE(node.upsert("docs", points_from(0, 300)));
  const auto found = check(node);
  REQUIRE(found);
  REQUIRE(found->indexes.size() == 1);
  CHECK(found->indexes[0].nodes == 0);
  REQUIRE(node.upsert("docs", points_from(300, 300)));
  CHECK(node.indexed("docs").points == 600);
}

TEST_CASE("checks that wait share one run after what waits, and searches go on") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  begin_upkeep(node, tidy);
  REQUIRE(node.upsert("docs", points_from(5'000, 10)));
  asked_checks asked(node, 3);
  CHECK(node.info("docs").indexes[0].tail_slots == 10);
  CHECK(nearest(node, 5'003) == 5'003);
  CHECK(nearest(node, 700) == 700);
  tidy.take("wait");
  for (int i = 0; i < 3; ++i) {
    const auto found = asked.next();
    REQUIRE(found);
    CHECK(found->indexes[0].nodes == 1'510);
  }
  node.indexed("docs");
  std::vector<std::string> orders;
  for (const auto& line : tidy.calls())
    if (line.find("maintain") == 0) orders.push_back(line);
  CHECK(orders == std::vector<std::string>{"maintain 1500 dropped 0", "maintain 1510 dropped 0"});
}

TEST_CASE("a check does not wait for what is written after it") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  begin_upkeep(node, tidy);
  asked_checks asked(node, 1);
  REQUIRE(node.upsert("docs", points_from(5'000, 400)));
  REQUIRE(node.remove("docs", ids_from(5'000, 50)));
  tidy.take("wait");
  const auto found = asked.next();
  REQUIRE(found);
  CHECK(found->indexes[0].nodes == 1'500);
  CHECK(found->indexes[0].dropped == 0);
  CHECK(node.indexed("docs").indexes[0].indexed_slots == 1'900);
  CHECK(nearest(node, 5'003) == 5'050);
  CHECK(nearest(node, 5'300) == 5'300);
  // 101 dead nodes would be too few; those that were never inserted do not count.
  REQUIRE(node.remove("docs", ids_from(0, 101)));
  node.indexed("docs");
  const auto last = check(node);
  REQUIRE(last);
  CHECK(last->indexes[0].dropped == 101);
}

TEST_CASE("a check that is asked for while one runs waits for its own") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  REQUIRE(node.upsert("docs", points_from(0, 20)));
  node.indexed("docs");
  tidy.put("wait");
  asked_checks asked(node, 1);
  CHECK(node.info("docs").status == collection_status::yellow);
  REQUIRE(node.remove("docs", ids_from(0, 5)));
  asked_checks later(node, 1);
  CHECK(node.info("docs").points == 15);
  tidy.take("wait");
  const auto first = asked.next();
  REQUIRE(first);
  CHECK(first->indexes[0].dropped == 0);
  const auto second = later.next();
  REQUIRE(second);
  CHECK(second->indexes[0].dropped == 5);
}

TEST_CASE("so many checks may wait, and no more") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  begin_upkeep(node, tidy);
  asked_checks asked(node, limits::index_checks_pending_max);
  const auto refused = check(node);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK_THAT(refused.error().message, Catch::Contains("'docs'") && Catch::Contains("too many"));
  tidy.take("wait");
  for (std::size_t i = 0; i < limits::index_checks_pending_max; ++i) CHECK(asked.next());
  CHECK(check(node));
}

TEST_CASE("a check without memory fails alone, and one that fails otherwise restarts all") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  REQUIRE(node.upsert("docs", points_from(0, 20)));
  node.indexed("docs");
  const auto before = node.serving("docs");
  tidy.put("no-memory");
  const auto poor = check(node);
  REQUIRE_FALSE(poor);
  CHECK(poor.error().code == errc::resource_exhausted);
  CHECK_THAT(poor.error().message, Catch::Contains("collection 'docs'"));
  tidy.take("no-memory");
  CHECK(check(node));
  CHECK(node.serving("docs") == before);
  tidy.put("wait");
  tidy.put("fail");
  asked_checks asked(node, 1);
  CHECK(node.info("docs").status == collection_status::yellow);
  asked_checks later(node, 1);
  CHECK(node.info("docs").points == 20);
  tidy.take("wait");
  const auto failed = asked.next();
  REQUIRE_FALSE(failed);
  CHECK(failed.error().code == errc::plugin);
  CHECK_THAT(failed.error().message,
             Catch::Contains("collection 'docs'") && Catch::Contains("out of sorts"));
  CHECK_FALSE(later.next());
  tidy.take("fail");
  bool restarted = false;
  for (int i = 0; i < 100 && !restarted; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    restarted = node.serving("docs") != before;
  }
  CHECK(restarted);
  const auto after = check(node);
  REQUIRE(after);
  CHECK(after->indexes[0].nodes == 20);
}

TEST_CASE("a collection that stops finishes the check that runs and refuses the others") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  REQUIRE(node.upsert("docs", points_from(0, 20)));
  node.indexed("docs");
  tidy.put("wait");
  asked_checks running(node, 1);
  CHECK(node.info("docs").status == collection_status::yellow);
  asked_checks waiting(node, 1);
  const auto writer = node.serving("docs")->writer;
  caf::anon_send(writer, actors::stop_atom::value);
  const auto refused = waiting.next();
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK_THAT(refused.error().message, Catch::Contains("being stopped"));
  const auto late = node.ask<index_check_reply>(writer, actors::check_atom::value);
  REQUIRE_FALSE(late);
  CHECK(late.error().code == errc::unavailable);
  tidy.take("wait");
  CHECK(running.next());
}

TEST_CASE("a collection that is dropped refuses its checks") {
  const tidy_folder tidy;
  scratch_folder folder;
  test_node node(folder.path(), with_tidy);
  REQUIRE(node.create("docs", tidy_spec()));
  REQUIRE(node.upsert("docs", points_from(0, 20)));
  node.indexed("docs");
  tidy.put("wait");
  asked_checks asked(node, 1);
  CHECK(node.info("docs").status == collection_status::yellow);
  asked_checks later(node, 1);
  REQUIRE(node.drop("docs"));
  tidy.take("wait");
  for (auto* one : {&asked, &later}) {
    const auto refused = one->next();
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::unavailable);
  }
}
