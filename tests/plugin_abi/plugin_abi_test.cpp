// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// Plugins written against a frozen version of the interface, and some that claim another one.

#include <filesystem>
#include <string>
#include <vector>

#include "plugins/contract/contract.hpp"
#include "plugins/contract/reference.hpp"
#include "plugins/host/index.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

constexpr std::uint32_t dimension = 24;

std::filesystem::path frozen(const std::string& name) {
  return std::filesystem::path(THESPIS_FROZEN_PLUGINS) / (name + ".so");
}

void require_refusal(const std::string& name, const std::string& reason) {
  const auto refused = registry::load_file(frozen(name));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::plugin);
  CHECK_THAT(refused.error().message, Catch::Contains(name + ".so") && Catch::Contains(reason));
}

/// An empty index of `file`.
result<std::unique_ptr<plugins::index>> index_of(const std::string& file) {
  THESPIS_TRY(const auto plugins, registry::load_file(frozen(file)));
  THESPIS_TRY(const auto vectors, arena::create(dimension, distance::euclid));
  return plugins->create_index("frozen", vectors, {});
}

/// An arena with `count` rows.
std::shared_ptr<arena> filled_arena(const test_vectors& rows) {
  auto vectors = *arena::create(dimension, distance::euclid);
  for (slot_t slot = 0; slot < rows.count(); ++slot) REQUIRE(vectors->put(slot, rows.row(slot)));
  return vectors;
}

std::vector<slot_t> all_slots(std::size_t count) {
  std::vector<slot_t> slots(count);
  for (slot_t slot = 0; slot < count; ++slot) slots[slot] = slot;
  return slots;
}

std::vector<slot_t> found(const plugins::index& index, std::span<const float> vector) {
  index_query query;
  query.vector = vector;
  std::vector<ranked_slot> hits;
  REQUIRE(index.search(query, hits));
  std::vector<slot_t> slots;
  for (const auto& hit : hits) slots.push_back(hit.slot);
  return slots;
}

}  // namespace

TEST_CASE("plugins written against interface 1.0 load and keep the contract of their kind") {
  for (const auto* name : {"index", "quantizer", "compute"}) {
    const auto report = check_plugin(frozen(name));
    REQUIRE(report);
    CHECK(report->plugin.name == "frozen");
    CHECK(report->plugin.abi_major == 1);
    CHECK(report->plugin.abi_minor == 0);
    REQUIRE(report->cases.size() >= 5);
    for (const auto& one : report->cases) {
      INFO(name << ": " << one.name << ": " << one.failure);
      CHECK(one.failure.empty());
    }
  }
}

TEST_CASE("an index written against 1.0 is built, searched, maintained, saved and loaded") {
  const auto plugins = registry::load_file(frozen("index"));
  REQUIRE(plugins);
  const auto rows = clustered(dimension, 500, 1);
  const auto vectors = filled_arena(rows);
  auto built = *(*plugins)->create_index("frozen", vectors, {});
  const auto empty_bytes = built->bytes();
  REQUIRE(built->insert(all_slots(rows.count())));
  CHECK(built->bytes() >= empty_bytes + rows.count() * sizeof(slot_t));
  CHECK(built->memory().mapped_bytes == 0);
  const auto expected = found(*built, rows.row(7));
  REQUIRE(expected.size() == 10);
  CHECK(expected.front() == 7);
  slot_bitmap dead;
  dead.insert(499);
  const auto report = built->maintain(&dead);
  REQUIRE(report);
  CHECK(report->nodes == 499);
  CHECK(report->dropped == 1);

  const tests::scratch_folder folder;
  const index_file_stamp stamp{uuid::random(), "", 1, 500, 9};
  REQUIRE(built->save(folder.path() / "saved", stamp));
  auto loaded = *(*plugins)->create_index("frozen", vectors, {});
  REQUIRE(loaded->load(folder.path() / "saved", stamp));
  CHECK(found(*loaded, rows.row(7)) == expected);
}

TEST_CASE("today's graph walks the codes of a quantizer written against 1.0") {
  const tests::scratch_folder folder;
  std::filesystem::copy_file(frozen("quantizer"), folder.path() / "quantizer_frozen.so");
  const auto plugins = registry::load({{THESPIS_PLUGIN_FOLDER, folder.path()}});
  REQUIRE(plugins);
  const auto rows = clustered(dimension, 2000, 2);
  const auto vectors = filled_arena(rows);
  index_params params;
  params.quantizer = "frozen";
  auto graph = *(*plugins)->create_index("hnsw", vectors, params);
  REQUIRE(graph->insert(all_slots(rows.count())));
  auto exact = *(*plugins)->create_index("flat", vectors, {});
  std::size_t right = 0;
  for (std::size_t i = 0; i < 20; ++i)
    right += found(*graph, rows.row(i)).front() == found(*exact, rows.row(i)).front() ? 1 : 0;
  CHECK(right >= 19);
}

TEST_CASE("other major versions are refused with both numbers") {
  require_refusal("major_0", "it speaks plugin interface 0.0, this build speaks 1.");
  require_refusal("major_2", "it speaks plugin interface 2.0, this build speaks 1.");
}

TEST_CASE("what is shorter than in 1.0 is refused") {
  require_refusal("short_descriptor", "its descriptor has 40 bytes, expected at least 48");
  const auto made = index_of("short_table");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::plugin);
  CHECK_THAT(made.error().message, Catch::Contains("its table has 64 bytes, expected at least 72"));
}

TEST_CASE("what is longer than today is loaded, and the rest is not looked at") {
  const auto made = index_of("grown");
  REQUIRE(made);
  CHECK(found(**made, std::vector<float>(dimension, 1)).empty());
}

TEST_CASE(
    "a plugin that reads no vectors is refused, and one that reads others when it gets them") {
  require_refusal("reads_nothing", "names no element type");
  const auto made = index_of("reads_bytes");
  REQUIRE_FALSE(made);
  CHECK(made.error().code == errc::unsupported);
  CHECK(made.error().message ==
        "plugin 'frozen' reads vectors of float16, uint8, element type 6, and would be given "
        "float32");
}
