// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "core/crc32c.hpp"
#include "storage/codec.hpp"
#include "storage/parts.hpp"
#include "storage/tables.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/support/test_node.hpp"

using namespace thespis;
using namespace thespis::storage;
using tests::scratch_folder;
using tests::test_node;

namespace {

collection_spec spec_of(const char* index = "hnsw") {
  collection_spec spec;
  spec.vectors.push_back({"", 2, distance::euclid, element_type::float32, index, std::nullopt});
  return spec;
}

/// A folder with the collections "good" and "bad" of 50 points each, and no engine on it.
struct two_collections {
  two_collections() {
    test_node node(folder.path());
    for (const auto* name : {"good", "bad"}) {
      const auto made = node.create(name, spec_of());
      REQUIRE(made);
      id = made->id;
      std::vector<point> points;
      for (std::uint64_t n = 0; n < 50; ++n)
        points.push_back({point_id(n), {{"", {float(n), 1}}}, payload{}});
      REQUIRE(node.upsert(name, points));
      node.indexed(name);
    }
  }

  /// Puts `value` made from the old one under `key` of `table`, behind the back of the engine.
  void change(const std::string& table, std::string_view key,
              const std::function<std::string(std::string)>& make) const {
    config::storage settings;
    settings.data_dir = folder.path();
    auto connection = wt::connection::open(folder.path() / "db", configuration(settings));
    REQUIRE(connection);
    {
      auto session = connection->open_session();
      REQUIRE(session);
      auto rows = session->open(table);
      REQUIRE(rows);
      const auto any = rows->find(key);
      REQUIRE(any);
      REQUIRE(*any);
      const std::string old(*rows->value());
      REQUIRE(rows->put(key, make(old)));
    }
    REQUIRE(connection->close());
  }
  void change_point(const std::function<std::string(std::string)>& make) const {
    std::string key;
    codec::encode_id_key(point_id(17), key);
    change(tables::points(id), key, make);
  }
  void forget_derived() const {
    std::filesystem::remove_all(folder.path() / "derived" / id.text());
  }

  scratch_folder folder;
  uuid id;  // of "bad"
};

std::string flipped(std::string bytes) {
  bytes.back() ^= 1;
  return bytes;
}

std::string newer(std::string bytes) {
  bytes[6] = 9;  // the format of a frame
  const auto crc = crc32c(bytes.data() + 4, bytes.size() - 4);
  for (int i = 0; i < 4; ++i) bytes[i] = static_cast<char>(crc >> (8 * i));
  return bytes;
}

actors::readiness readiness_of(test_node& node) {
  for (int tenth = 0; tenth < 100; ++tenth) {
    auto now = node.ask<actors::readiness>(node.node().catalog(), actors::ready_atom::value);
    REQUIRE(now);
    if (now->ready) return *now;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  FAIL("the node does not get ready");
  return {};
}

health_report check(test_node& node) {
  const auto found =
      node.ask<actors::shared<health_report>>(node.node().catalog(), actors::check_atom::value);
  REQUIRE(found);
  return **found;
}

/// Loading "bad" fails with `why` at once, and everything else is well. While a collection waits to
/// be tried again, it is neither loading nor in quarantine.
void check_quarantine(const two_collections& data, const std::string& why) {
  test_node node(data.folder.path());
  const auto ready = readiness_of(node);
  REQUIRE(ready.quarantined.size() == 1);
  CHECK(ready.quarantined[0].name == "bad");
  CHECK_THAT(ready.quarantined[0].why, Catch::Contains(why));
  const auto refused = node.find("bad");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::unavailable);
  CHECK_THAT(refused.error().message, Catch::Contains("quarantined") && Catch::Contains(why));
  const auto info = node.ask<collection_info>(node.node().catalog(), actors::info_atom::value,
                                              std::string("bad"));
  REQUIRE(info);
  CHECK(info->status == collection_status::red);
  const auto found = check(node);
  CHECK(found.state() == health_state::damaged);
  CHECK(found.collections.at(0).quarantined.find(why) != std::string::npos);
  CHECK(found.collections.at(1).state() == health_state::sound);
  REQUIRE(node.upsert("good", {{point_id(99), {{"", {1, 1}}}, payload{}}}));
}

}  // namespace

TEST_CASE("damage that a load meets quarantines the collection at once") {
  const two_collections data;
  SECTION("a point that cannot be read") {
    data.change_point(flipped);
    data.forget_derived();
    check_quarantine(data, "checksum");
  }
  SECTION("a point of a newer format") {
    data.change_point(newer);
    data.forget_derived();
    check_quarantine(data, "format 9 is not known to this build");
  }
  SECTION("vectors of a newer format") {
    std::string key;
    codec::encode_slot_key(3, key);
    data.change(tables::slots(data.id), key, newer);
    data.forget_derived();
    check_quarantine(data, "format 9 is not known to this build");
  }
  SECTION("counters that cannot be read") {
    data.change(tables::counters, tables::key(data.id), flipped);
    check_quarantine(data, "checksum");
  }
  SECTION("counters of a newer format") {
    data.change(tables::counters, tables::key(data.id), newer);
    check_quarantine(data, "format 9 is not known to this build");
  }
}

TEST_CASE("a quarantined collection can be reopened once its cause is gone, and dropped") {
  const two_collections data;
  const auto key = tables::key(data.id);
  data.change(tables::counters, key, flipped);
  test_node node(data.folder.path());
  REQUIRE(readiness_of(node).quarantined.size() == 1);
  const auto retry = [&](const std::string& name) {
    return node.ask<bool>(node.node().catalog(), actors::retry_atom::value, name);
  };
  REQUIRE(retry("bad"));
  CHECK(readiness_of(node).quarantined.size() == 1);
  CHECK(retry("good").error().code == errc::failed_precondition);
  CHECK(retry("none").error().code == errc::not_found);
  REQUIRE(node.drop("bad"));
  CHECK(readiness_of(node).quarantined.empty());
  REQUIRE(node.create("bad", spec_of()));
}

TEST_CASE("damage that is found while a collection serves makes it red and is reported") {
  const two_collections data;
  data.change_point(flipped);  // a start reads saved slots, not points
  test_node node(data.folder.path());
  CHECK(readiness_of(node).quarantined.empty());
  const auto found = check(node);
  CHECK(found.state() == health_state::damaged);
  CHECK(found.collections.at(0).name == "bad");
  const auto& points = found.collections[0].components.at(0);
  CHECK(points.damaged == 1);
  CHECK(points.findings.at(0).object == "point 17");
  CHECK(found.collections.at(1).state() == health_state::sound);
  CHECK(node.info("bad").status == collection_status::red);
  CHECK_THAT(node.info("bad").status_detail, Catch::Contains("/health/deep"));
  CHECK(node.info("good").status == collection_status::green);
  const auto ready = readiness_of(node);
  CHECK(ready.validation == health_state::damaged);
  // The rest of it takes writes.
  REQUIRE(node.upsert("bad", {{point_id(16), {{"", {1, 1}}}, payload{}}}));
}

TEST_CASE("checks beside writes find nothing wrong, and those who ask at once share one") {
  scratch_folder folder;
  test_node node(folder.path());
  REQUIRE(node.create("busy", spec_of()));
  std::atomic<bool> done = false;
  std::thread writer([&] {
    const auto handles = node.serving("busy");
    for (std::uint64_t turn = 0; !done; ++turn) {
      std::vector<point> some;
      for (std::uint64_t n = 0; n < 20; ++n)
        some.push_back(
            {point_id((turn * 13 + n) % 500), {{"", {float(turn), float(n)}}}, payload{}});
      static_cast<void>(
          node.ask<write_reply>(handles->writer, upsert_request{some}, write_context{}));
      static_cast<void>(node.ask<write_reply>(
          handles->writer, delete_request{{{point_id(turn % 500), point_id((turn * 3) % 500)}, {}}},
          write_context{}));
    }
  });
  for (int round = 0; round < 8; ++round) {
    const auto found = check(node);
    for (const auto& one : found.collections)
      for (const auto& part : one.components)
        for (const auto& finding : part.findings)
          FAIL_CHECK(part.name << ": " << finding.object << ": " << finding.what);
    CHECK(found.state() == health_state::sound);
    CHECK(found.finished_us >= found.started_us);
  }
  done = true;
  writer.join();
  const auto last =
      node.ask<actors::shared<health_report>>(node.node().catalog(), actors::health_atom::value);
  REQUIRE(last);
  CHECK((*last)->share == 1);
}
