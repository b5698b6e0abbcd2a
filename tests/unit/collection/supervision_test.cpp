// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <filesystem>
#include <string>
#include <thread>

#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using tests::scratch_folder;
using tests::test_node;

namespace {

collection_spec spec_with(const char* index) {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::euclid, element_type::float32, index, std::nullopt});
  return spec;
}

point make_point(std::uint64_t id, float first) {
  return {point_id(id), {{"", {first, 1}}}, payload{}};
}

const std::vector<std::filesystem::path> with_faulty = {THESPIS_PLUGIN_FOLDER,
                                                        THESPIS_FAULTY_PLUGINS};

/// Waits until `find` says something that contains `part`.
std::string wait_for_refusal(test_node& node, const std::string& name, const std::string& part) {
  std::string why;
  for (int tenth = 0; tenth < 150 && why.find(part) == std::string::npos; ++tenth) {
    const auto found = node.find(name);
    why = found ? "" : found.error().message;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  return why;
}

std::uint64_t count(test_node& node, const std::string& name) {
  const auto counted =
      node.ask<std::uint64_t>(node.serving(name)->reader, actors::count_atom::value);
  REQUIRE(counted);
  return *counted;
}

}  // namespace

TEST_CASE("a collection whose index fails once is restarted alone and has every point") {
  scratch_folder folder;
  test_node node(folder.path(), with_faulty);
  REQUIRE(node.create("good", spec_with("hnsw")));
  REQUIRE(node.create("bad", spec_with("faulty")));
  REQUIRE(node.upsert("good", {make_point(1, 17)}));
  const auto good = node.serving("good");
  const auto before = node.serving("bad");
  REQUIRE(node.upsert("bad", {make_point(1, 17), make_point(2, 2)}));
  bool restarted = false;
  for (int tenth = 0; tenth < 100 && !restarted; ++tenth) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    restarted = node.serving("bad") != before;
  }
  REQUIRE(restarted);
  CHECK(count(node, "bad") == 2);
  CHECK(node.indexed("bad").indexes[0].indexed_slots == 2);
  CHECK(node.serving("good") == good);
}

TEST_CASE("a collection that keeps failing is quarantined, can be dropped, and harms nobody") {
  scratch_folder folder;
  test_node node(folder.path(), with_faulty);
  REQUIRE(node.create("good", spec_with("hnsw")));
  REQUIRE(node.create("bad", spec_with("faulty")));
  const auto good = node.serving("good");
  static_cast<void>(node.upsert("bad", {make_point(1, 13)}));
  const auto why = wait_for_refusal(node, "bad", "quarantined");
  CHECK_THAT(why, Catch::Contains("'bad'") && Catch::Contains("unlucky row"));
  REQUIRE(node.upsert("good", {make_point(1, 1)}));
  CHECK(node.serving("good") == good);
  const auto ready = node.ask<actors::readiness>(node.node().catalog(), actors::ready_atom::value);
  REQUIRE(ready);
  CHECK(ready->ready);
  REQUIRE(ready->quarantined.size() == 1);
  CHECK(ready->quarantined[0].name == "bad");
  REQUIRE(node.drop("bad"));
  CHECK(node.find("bad").error().code == errc::not_found);
}

TEST_CASE("a collection whose tables are lost is quarantined while the others serve") {
  scratch_folder folder;
  uuid lost;
  {
    test_node node(folder.path());
    REQUIRE(node.create("good", spec_with("hnsw")));
    lost = node.create("bad", spec_with("hnsw"))->id;
    REQUIRE(node.upsert("good", {make_point(1, 1)}));
    REQUIRE(node.upsert("bad", {make_point(1, 1)}));
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path()))
    if (entry.path().filename().string().find(lost.text()) != std::string::npos &&
        entry.path().extension() == ".wt")
      std::filesystem::remove(entry.path());
  test_node node(folder.path());
  CHECK(count(node, "good") == 1);
  CHECK_THAT(wait_for_refusal(node, "bad", "quarantined"), Catch::Contains("'bad'"));
  REQUIRE(node.upsert("good", {make_point(2, 2)}));
}
