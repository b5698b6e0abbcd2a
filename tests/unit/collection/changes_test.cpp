// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>
#include <thread>

#include "core/limits.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

collection_spec spec_with(const char* index = "hnsw") {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::euclid, element_type::float32, index, std::nullopt});
  return spec;
}

std::vector<point> points(std::uint64_t first, std::uint64_t last) {
  std::vector<point> made;
  for (auto id = first; id <= last; ++id)
    made.push_back({point_id(id), {{"", {static_cast<float>(id), 1}}}, payload{}});
  return made;
}

const std::vector<std::filesystem::path> with_faulty = {THESPIS_PLUGIN_FOLDER,
                                                        THESPIS_FAULTY_PLUGINS};

template <class... Parts>
result<bool> ask(test_node& node, Parts... parts) {
  return node.ask<bool>(node.node().catalog(), parts...);
}

result<bool> rename(test_node& node, const std::string& name, const std::string& to) {
  return ask(node, actors::rename_atom::value, name, to, write_context{});
}

result<bool> truncate(test_node& node, const std::string& name) {
  return ask(node, actors::truncate_atom::value, name, write_context{});
}

result<bool> alias(test_node& node, const std::string& name, const std::string& to) {
  const std::vector<alias_action> actions = {{alias_action::kind::create, name, to}};
  return ask(node, actors::alias_atom::value, actions, write_context{});
}

result<collection_copy_status> copy(test_node& node, const std::string& name, const std::string& to,
                                    bool wait = true) {
  return node.ask<collection_copy_status>(node.node().catalog(), actors::copy_atom::value, name, to,
                                          write_context{wait, nullptr});
}

template <class T>
errc refusal(const result<T>& outcome) {
  REQUIRE_FALSE(outcome);
  return outcome.error().code;
}

std::uint64_t count(test_node& node, const std::string& name) {
  const auto counted =
      node.ask<std::uint64_t>(node.serving(name)->reader, actors::count_atom::value);
  REQUIRE(counted);
  return *counted;
}

}  // namespace

TEST_CASE("changes that cannot be are refused and change nothing") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", spec_with()));
  REQUIRE(node.create("more", spec_with()));
  REQUIRE(alias(node, "live", "docs"));
  CHECK(refusal(rename(node, "none", "x")) == errc::not_found);
  CHECK(refusal(rename(node, "live", "x")) == errc::invalid_argument);
  CHECK(refusal(rename(node, "docs", "more")) == errc::already_exists);
  CHECK(refusal(rename(node, "docs", "live")) == errc::already_exists);
  CHECK(refusal(rename(node, "docs", "a/b")) == errc::invalid_argument);
  CHECK(refusal(truncate(node, "none")) == errc::not_found);
  CHECK(refusal(copy(node, "none", "x")) == errc::not_found);
  CHECK(refusal(copy(node, "docs", "more")) == errc::already_exists);
  CHECK(refusal(copy(node, "docs", "live")) == errc::already_exists);
  CHECK(refusal(copy(node, "docs", "")) == errc::invalid_argument);
  CHECK(refusal(alias(node, "more", "docs")) == errc::already_exists);
  CHECK(refusal(node.create("live", spec_with())) == errc::already_exists);
  CHECK(refusal(node.drop("live")) == errc::not_found);
  REQUIRE(rename(node, "docs", "docs"));
  REQUIRE(node.serving("live")->meta.name == "docs");
  using list = std::vector<collection_alias>;
  const auto of = [&](const std::string& name) {
    return node.ask<list>(node.node().catalog(), actors::aliases_atom::value, name);
  };
  REQUIRE(*of("docs") == list{{"live", "docs"}});
  REQUIRE(*of("live") == list{{"live", "docs"}});
  REQUIRE(of("more")->empty());
  CHECK(refusal(of("none")) == errc::not_found);
}

TEST_CASE("a collection is emptied while its index is built, and fills up again") {
  scratch_folder folder;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", spec_with()));
    for (int round = 0; round < 5; ++round) {
      REQUIRE(node.upsert("docs", points(1, 3000)));
      // Inserting has hardly begun.
      REQUIRE(truncate(node, "docs"));
      REQUIRE(count(node, "docs") == 0);
      REQUIRE(node.info("docs").tombstones == 0);
    }
    REQUIRE(node.upsert("docs", points(100, 1099)));
    node.indexed("docs");
    search_request wanted;
    wanted.target = dense_vector({500, 1});
    wanted.limit = 1;
    const auto found = node.search("docs", wanted);
    REQUIRE(found);
    REQUIRE(found->hits.at(0).id == point_id(500));
  }
  test_node node(folder.path());
  REQUIRE(count(node, "docs") == 1000);
}

TEST_CASE("writes that come while a collection is emptied are answered afterwards") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", spec_with("flat")));
  const auto writer = node.serving("docs")->writer;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> written = 0;
  std::thread other([&] {
    while (!stop) {
      const auto id = written + 1;
      // Always through the same handle: it stays good.
      if (node.ask<write_reply>(writer, upsert_request{points(id, id)}, write_context{}))
        written = id;
      else
        ++refused;
    }
  });
  std::uint64_t before = 0;
  for (int round = 0; round < 20; ++round) {
    before = written;
    REQUIRE(truncate(node, "docs"));
  }
  stop = true;
  other.join();
  CHECK(refused == 0);
  CHECK(count(node, "docs") <= written - before);
  REQUIRE(node.serving("docs")->writer == writer);
}

TEST_CASE("a collection in quarantine is emptied, renamed and serves again") {
  scratch_folder folder;
  uuid id;
  {
    test_node node(folder.path());
    REQUIRE(node.create("good", spec_with()));
    REQUIRE(node.upsert("good", points(1, 10)));
    const auto made = node.create("bad", spec_with());
    REQUIRE(made);
    id = made->id;
    REQUIRE(node.upsert("bad", points(1, 10)));
    node.indexed("bad");
  }
  // The file of its points is gone.
  REQUIRE(std::filesystem::remove(folder.path() / "db" / ("points-" + id.text() + ".wt")));
  test_node node(folder.path());
  std::string why;
  for (int tenth = 0; tenth < 100 && why.find("quarantined") == std::string::npos; ++tenth) {
    const auto found = node.find("bad");
    why = found ? "" : found.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  REQUIRE_THAT(why, Catch::Contains("quarantined"));
  REQUIRE(refusal(copy(node, "bad", "copy")) == errc::unavailable);
  REQUIRE(alias(node, "live", "bad"));
  REQUIRE(rename(node, "bad", "mended"));
  REQUIRE(refusal(node.find("mended")) == errc::unavailable);
  REQUIRE(truncate(node, "live"));
  REQUIRE(count(node, "mended") == 0);
  REQUIRE(node.upsert("live", points(5, 6)));
  REQUIRE(count(node, "mended") == 2);
  REQUIRE(count(node, "good") == 10);
}

TEST_CASE("a copy is not there until it is whole, keeps its name, and ends with the server") {
  scratch_folder folder;
  {
    test_node node(folder.path());
    REQUIRE(node.create("docs", spec_with()));
    REQUIRE(node.upsert("docs", points(1, 5000)));
    const auto done = copy(node, "docs", "whole");
    REQUIRE(done);
    REQUIRE(done->state == copy_state::completed);
    REQUIRE(done->points == 5000);
    REQUIRE(count(node, "whole") == 5000);
    REQUIRE(node.upsert("docs", points(5001, 40'000)));
    REQUIRE(copy(node, "docs", "part", false)->state == copy_state::running);
    REQUIRE(refusal(node.find("part")) == errc::not_found);
    REQUIRE(refusal(node.create("part", spec_with())) == errc::already_exists);
    REQUIRE(refusal(copy(node, "docs", "part")) == errc::already_exists);
    REQUIRE(refusal(rename(node, "docs", "part")) == errc::already_exists);
  }
  test_node node(folder.path());
  const auto all =
      node.ask<std::vector<collection_meta>>(node.node().catalog(), actors::list_atom::value);
  REQUIRE(all);
  REQUIRE(all->size() == 2);
  REQUIRE(count(node, "docs") == 40'000);
  REQUIRE(count(node, "whole") == 5000);
}

TEST_CASE("copies that are asked for at once are bounded, and each is told of") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("docs", spec_with("flat")));
  REQUIRE(node.upsert("docs", points(1, 20'000)));
  std::size_t running = 0;
  std::size_t refused = 0;
  for (int number = 0; number < 12; ++number) {
    const auto begun = copy(node, "docs", "copy" + std::to_string(number), false);
    if (begun)
      ++running;
    else if (begun.error().code == errc::unavailable)
      ++refused;
  }
  CHECK(running >= limits::copies_running_max);
  CHECK(running + refused == 12);
  using list = std::vector<collection_copy_status>;
  for (int tenth = 0; tenth < 600; ++tenth) {
    const auto told =
        node.ask<list>(node.node().catalog(), actors::copies_atom::value, std::string("docs"));
    REQUIRE(told);
    REQUIRE(told->size() == running);
    if (std::all_of(told->begin(), told->end(), [](const collection_copy_status& one) {
          return one.state == copy_state::completed && one.points == 20'000;
        }))
      return;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FAIL("the copies do not end");
}

TEST_CASE("a collection whose index fails while it is to be emptied is emptied all the same") {
  scratch_folder folder;
  test_node node(folder.path(), with_faulty);
  REQUIRE(node.create("bad", spec_with("faulty")));
  // A row that can never be inserted: the collection fails again after each restart.
  (void)node.upsert("bad", points(13, 13));
  for (int tenth = 0; tenth < 100; ++tenth) {
    const auto emptied = truncate(node, "bad");
    if (emptied) break;
    REQUIRE(emptied.error().code == errc::unavailable);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  REQUIRE(count(node, "bad") == 0);
}
