// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/registry.hpp"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <limits>

#include "core/uuid.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

const std::filesystem::path bad_folder = THESPIS_BAD_PLUGINS;
const std::filesystem::path plugin_folder = THESPIS_PLUGIN_FOLDER;

/// A folder that goes with the test.
void require_refusal(const std::string& file, const std::string& reason) {
  const auto refused = registry::load_file(bad_folder / (file + ".so"));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::plugin);
  CHECK_THAT(refused.error().message, Catch::Contains(file + ".so"));
  CHECK_THAT(refused.error().message, Catch::Contains(reason));
}

/// The index of a bad plugin over four vectors of two dimensions.
result<std::unique_ptr<plugins::index>> bad_index(const std::string& name) {
  THESPIS_TRY(const auto plugins, registry::load_file(bad_folder / (name + ".so")));
  THESPIS_TRY(const auto vectors, arena::create(2, distance::euclid));
  for (slot_t slot = 0; slot < 4; ++slot)
    THESPIS_CHECK(vectors->put(slot, std::vector<float>{1, static_cast<float>(slot)}));
  return plugins->create_index(name, vectors, {});
}

}  // namespace

TEST_CASE("the registry finds a built-in in a configured folder") {
  const auto plugins = registry::load({{plugin_folder}});
  REQUIRE(plugins);
  const auto& all = (*plugins)->plugins();
  const auto flat = std::find_if(all.begin(), all.end(), [](const plugin_description& one) {
    return one.name == "flat" && one.kind == plugin_kind::index;
  });
  REQUIRE(flat != all.end());
  CHECK(flat->file.filename() == "index_flat.so");
  CHECK(flat->abi_major == 1);
  CHECK_FALSE(flat->version.empty());
}

TEST_CASE("without a configured folder plugins come from beside the executable") {
  const auto plugins = registry::load({});
  REQUIRE(plugins);
  CHECK((*plugins)->create_index("flat", *arena::create(2, distance::dot), {}));
}

TEST_CASE("the registry refuses a shared object that is not a plugin") {
  require_refusal("not_a_plugin", "not a plugin");
}

TEST_CASE("the registry refuses another major and a newer minor") {
  require_refusal("other_major", "it speaks plugin interface 2.0, this build speaks 1.0");
  require_refusal("newer_minor", "it needs plugin interface 1.1, this build has 1.0");
}

TEST_CASE("the registry refuses descriptors that are out of bounds") {
  require_refusal("small_struct", "8 bytes");
  require_refusal("no_descriptor", "no descriptor");
  require_refusal("no_create", "lacks");
  require_refusal("odd_name", "../etc");
  require_refusal("odd_kind", "kind 77");
}

TEST_CASE("the registry refuses a file that cannot be loaded, and a missing one") {
  const tests::scratch_folder folder;
  const auto text = folder.path() / "text.so";
  std::ofstream(text) << "not an object";
  const auto unreadable = registry::load_file(text);
  REQUIRE_FALSE(unreadable);
  CHECK(unreadable.error().code == errc::plugin);
  CHECK_THAT(unreadable.error().message, Catch::Contains("text.so"));
  CHECK_THAT(unreadable.error().message, Catch::Contains("file too short"));
  const auto missing = registry::load_file(folder.path() / "missing.so");
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == errc::io);
  CHECK_THAT(missing.error().message, Catch::Contains("missing.so"));
}

TEST_CASE("one bad file in a folder makes loading fail and is named") {
  const tests::scratch_folder folder;
  std::filesystem::copy_file(plugin_folder / "index_flat.so", folder.path() / "a.so");
  REQUIRE(registry::load({{folder.path()}}));
  std::ofstream(folder.path() / "b.so") << "not an object";
  const auto refused = registry::load({{folder.path()}});
  REQUIRE_FALSE(refused);
  CHECK_THAT(refused.error().message, Catch::Contains("b.so"));
}

TEST_CASE("the registry refuses a name that is taken, and names both files") {
  const tests::scratch_folder folder;
  std::filesystem::copy_file(plugin_folder / "index_flat.so", folder.path() / "first.so");
  std::filesystem::copy_file(plugin_folder / "index_flat.so", folder.path() / "second.so");
  const auto refused = registry::load({{folder.path()}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::plugin);
  CHECK_THAT(refused.error().message, Catch::Contains("first.so"));
  CHECK_THAT(refused.error().message, Catch::Contains("second.so"));
}

TEST_CASE("the registry refuses a folder that is not there") {
  const tests::scratch_folder folder;
  const auto refused = registry::load({{folder.path() / "none"}});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::io);
  CHECK_THAT(refused.error().message, Catch::Contains("none"));
}

TEST_CASE("an unknown plugin name is not found, and the known ones are listed") {
  const auto plugins = registry::load_file(plugin_folder / "index_flat.so");
  REQUIRE(plugins);
  const auto vectors = *arena::create(2, distance::dot);
  const auto none = (*plugins)->create_index("hsnw", vectors, {});
  REQUIRE_FALSE(none);
  CHECK(none.error().code == errc::not_found);
  CHECK_THAT(none.error().message, Catch::Contains("flat"));
  CHECK((*plugins)->create_compute("cpu").error().code == errc::not_found);
}

TEST_CASE("an index keeps its plugin loaded after the registry is gone") {
  auto index = [] {
    const auto plugins = *registry::load_file(plugin_folder / "index_flat.so");
    auto vectors = *arena::create(2, distance::euclid);
    REQUIRE(vectors->put(0, std::vector<float>{1, 2}));
    return *plugins->create_index("flat", vectors, {});
  }();
  std::vector<ranked_slot> hits;
  const std::vector<float> vector{1, 2};
  index_query query;
  query.vector = vector;
  REQUIRE(index->search(query, hits));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].rank == 0);
}

TEST_CASE("a scan ends once nobody waits for its answer") {
  const auto plugins = *registry::load_file(plugin_folder / "index_flat.so");
  auto vectors = *arena::create(2, distance::euclid);
  REQUIRE(vectors->put(0, std::vector<float>{1, 2}));
  const auto index = *plugins->create_index("flat", vectors, {});
  const std::vector<float> vector{1, 2};
  std::atomic<std::uint32_t> nobody_waits = 0;
  index_query query;
  query.vector = vector;
  query.cancelled = &nobody_waits;
  std::vector<ranked_slot> hits;
  REQUIRE(index->search(query, hits));
  CHECK(hits.size() == 1);
  nobody_waits = 1;
  const auto single = index->search(query, hits);
  REQUIRE_FALSE(single);
  CHECK(single.error().code == errc::cancelled);
  std::vector<index_query> queries(9, query);
  std::vector<std::vector<ranked_slot>> all(queries.size());
  CHECK(index->search_batch(queries, all).error().code == errc::cancelled);
  // One who waits cannot share a batch with one who does not.
  queries.back().cancelled = nullptr;
  CHECK(index->search_batch(queries, all).error().code == errc::internal);
}

TEST_CASE("a plugin whose table is too small makes no index") {
  const auto refused = bad_index("small_table");
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::plugin);
  CHECK_THAT(refused.error().message, Catch::Contains("16 bytes"));
}

TEST_CASE("what a plugin throws becomes an error of that plugin") {
  const auto made = bad_index("throws_up");
  REQUIRE(made);
  auto& index = **made;
  const slot_t slots[] = {0};
  const auto inserted = index.insert(slots);
  REQUIRE_FALSE(inserted);
  CHECK(inserted.error().code == errc::plugin);
  CHECK_THAT(inserted.error().message, Catch::Contains("throws_up") && Catch::Contains("no room?"));
  std::vector<ranked_slot> hits;
  const std::vector<float> vector{1, 2};
  index_query query;
  query.vector = vector;
  CHECK(index.search(query, hits).error().code == errc::plugin);
  const tests::scratch_folder folder;
  CHECK(index.save(folder.path() / "x", {}).error().code == errc::resource_exhausted);
  CHECK(std::filesystem::is_empty(folder.path()));
}

TEST_CASE("answers that break the contract are refused") {
  const auto made = bad_index("liar");
  REQUIRE(made);
  const std::vector<float> vector{1, 2};
  slot_bitmap dead;
  dead.insert(2);
  slot_bitmap allowed;
  for (const slot_t slot : {0u, 1u, 2u}) allowed.insert(slot);
  index_query query;
  query.vector = vector;
  query.dead = &dead;
  query.allowed = &allowed;
  std::vector<ranked_slot> hits;
  REQUIRE((*made)->search(query, hits));
  CHECK(hits.size() == 2);
  const char* reasons[] = {"4 hits", "slot 4", "sorted", "twice", "dead", "allowed"};
  for (std::uint32_t how = 1; how <= 6; ++how) {
    query.ef = how;
    const auto refused = (*made)->search(query, hits);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::plugin);
    CHECK_THAT(refused.error().message, Catch::Contains(reasons[how - 1]));
  }
  query.ef = 7;
  REQUIRE((*made)->search(query, hits));
  CHECK(hits.back().rank == std::numeric_limits<float>::infinity());
}

TEST_CASE("questions that make no sense are refused before the plugin sees them") {
  const auto made = bad_index("liar");
  REQUIRE(made);
  std::vector<ranked_slot> hits;
  const std::vector<float> vector{1, 2, 3};
  index_query query;
  query.vector = vector;
  CHECK((*made)->search(query, hits).error().code == errc::dimension_mismatch);
  const slot_t outside[] = {4};
  CHECK((*made)->insert(outside).error().code == errc::internal);
  query.vector = std::span(vector).first(2);
  query.k = 0;
  REQUIRE((*made)->search(query, hits));
  CHECK(hits.empty());
}
