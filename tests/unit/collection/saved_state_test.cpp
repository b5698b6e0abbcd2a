// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <sys/resource.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "actors/collection/collection_state.hpp"
#include "core/log.hpp"
#include "plugins/host/registry.hpp"
#include "storage/catalog_store.hpp"
#include "storage/engine.hpp"
#include "storage/flusher.hpp"
#include "storage/journal.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using actors::collection_state;
using actors::view;
using tests::scratch_folder;

namespace {

constexpr std::uint32_t dimension = 8;

collection_spec two_vectors() {
  collection_spec spec;
  spec.vectors = {{"image", dimension, distance::cosine, element_type::float32, "hnsw", {}},
                  {"text", dimension, distance::dot, element_type::float32, "flat", {}}};
  return spec;
}

/// A collection on storage, without actors.
class bench_collection {
 public:
  explicit bench_collection(const std::filesystem::path& folder,
                            std::size_t retention_bytes = 64u << 20,
                            const collection_spec& spec = two_vectors()) {
    log::set_level(log::level::off);
    config::storage settings;
    settings.data_dir = folder;
    settings.cache_bytes = 16u << 20;
    settings.log_file_bytes = 1u << 20;
    settings.journal_retention_bytes = retention_bytes;
    engine_ = *storage::engine::open(settings);
    config::plugins folders;
    folders.folders = {THESPIS_PLUGIN_FOLDER};
    plugins_ = *plugins::registry::load(folders);
    if (engine_->catalog().list()->empty()) REQUIRE(engine_->catalog().create("docs", spec));
    load();
  }
  ~bench_collection() { state_.reset(); }
  bench_collection(const bench_collection&) = delete;
  bench_collection& operator=(const bench_collection&) = delete;

  void load() {
    state_.reset();
    const auto meta = engine_->catalog().list()->front();
    auto store = engine_->catalog().open(meta);
    REQUIRE(store);
    auto loaded = collection_state::load(*store, *plugins_, engine_->journal(), derived());
    REQUIRE(loaded);
    state_ = std::move(*loaded);
  }

  void apply(std::vector<effect> effects) {
    const auto lsn = state_->apply({std::move(effects), {}});
    REQUIRE(lsn);
    engine_->flusher().when_durable(*lsn, [](lsn_t) {});
    while (engine_->journal().marks().durable < *lsn) std::this_thread::yield();
  }
  void save() { REQUIRE(state_->base_of(state_->make_view()).run()); }

  [[nodiscard]] std::filesystem::path derived() const {
    return *engine_->derived_folder(engine_->catalog().list()->front().id);
  }
  [[nodiscard]] collection_state& state() { return *state_; }
  [[nodiscard]] storage::engine& engine() { return *engine_; }

 private:
  std::shared_ptr<storage::engine> engine_;
  std::shared_ptr<plugins::registry> plugins_;
  std::unique_ptr<collection_state> state_;
};

/// Ids of all kinds.
point_id id_of(std::uint64_t number) {
  if (number % 3 == 0) return point_id(number);
  if (number % 3 == 1) return *point_id::from_string("point " + std::to_string(number));
  uuid id;
  for (std::size_t i = 0; i < 16; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(i < 8 ? number >> (8 * i) : 0x80 + i);
  return point_id(id);
}

class effects_maker {
 public:
  effect put(std::uint64_t number, int version, std::string json = {}) {
    std::mt19937 random(static_cast<unsigned>(number * 101 + static_cast<unsigned>(version)));
    std::normal_distribution<float> normal;
    upsert_effect change;
    change.point.id = id_of(number);
    for (const char* name : {"image", "text"}) {
      if (number % 35 == 3) continue;                                 // some have none
      if (number % 5 == 1 && std::string(name) == "image") continue;  // some lack a vector
      if (number % 5 == 2 && std::string(name) == "text") continue;
      std::vector<float> values(dimension);
      for (auto& value : values) value = normal(random);
      change.point.vectors.push_back({name, std::move(values)});
    }
    change.point.payload.json = std::move(json);
    return change;
  }
  static effect erase(std::uint64_t number) { return delete_effect{id_of(number)}; }
};

std::vector<effect> puts(std::uint64_t first, std::uint64_t end, int version = 0) {
  effects_maker make;
  std::vector<effect> effects;
  for (auto number = first; number < end; ++number) effects.push_back(make.put(number, version));
  return effects;
}

/// Payload-only writes, changed vectors, deletions, and points that come back or are new.
void change_much(bench_collection& docs) {
  effects_maker make;
  std::vector<effect> effects;
  for (std::uint64_t number = 0; number < 200; ++number)
    effects.push_back(number % 2 == 0 ? make.put(number, 0, R"({"a":1})")
                                      : effect(payload_effect{id_of(number), {R"({"a":2})"}, 5}));
  docs.apply(std::move(effects));
  docs.apply(puts(150, 400, 1));
  for (std::uint64_t number = 380; number < 500; ++number)
    effects.push_back(effects_maker::erase(number));
  docs.apply(std::move(effects));
  docs.apply(puts(450, 480, 2));
  docs.apply(puts(3'000, 3'100));
  docs.apply({effects_maker::erase(3'050), make.put(3'051, 1), make.put(470, 3)});
}

void check_same(const view& found, const view& expected) {
  REQUIRE(found.end_slot == expected.end_slot);
  CHECK(found.points == expected.points);
  CHECK(found.lsn == expected.lsn);
  std::size_t differences = 0;
  for (slot_t slot = 0; slot < expected.end_slot; ++slot) {
    const bool live = !expected.retired.contains(slot);
    if (found.retired.contains(slot) == live) ++differences;
    for (std::size_t i = 0; i < expected.vectors.size(); ++i) {
      const bool dead = expected.vectors[i].dead.contains(slot);
      if (found.vectors[i].dead.contains(slot) != dead) ++differences;
      if (dead) continue;
      const auto* row = expected.vectors[i].arena->row(slot);
      if (!std::equal(row, row + dimension, found.vectors[i].arena->row(slot))) ++differences;
    }
    if (!live) continue;
    if (found.slots.id(slot) != expected.slots.id(slot)) ++differences;
    if (found.slots.version(slot) != expected.slots.version(slot)) ++differences;
  }
  CHECK(differences == 0);
}

/// The collection after a restart without its saved slots.
std::shared_ptr<view> read_anew(bench_collection& docs) {
  std::filesystem::remove_all(docs.derived());
  docs.load();
  CHECK(docs.state().loaded_lsn() == 0);
  return docs.state().make_view();
}

void damage(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(stream.get() ^ 4);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

}  // namespace

TEST_CASE("a start from saved slots sees what one that reads every point sees") {
  scratch_folder folder;
  bench_collection docs(folder.path());
  docs.apply(puts(0, 2'500));
  docs.apply({effects_maker::erase(7), effects_maker::erase(2'499)});
  docs.save();
  const auto saved_lsn = docs.state().make_view()->lsn;

  docs.load();
  CHECK(docs.state().loaded_lsn() == saved_lsn);
  const auto unchanged = docs.state().make_view();
  change_much(docs);
  docs.load();
  CHECK(docs.state().loaded_lsn() == saved_lsn);
  const auto changed = docs.state().make_view();
  CHECK(changed->vectors[0].arena->in_file());
  CHECK_FALSE(changed->vectors[1].arena->in_file());

  check_same(*changed, *read_anew(docs));
  CHECK(unchanged->points == 2'498);
}

TEST_CASE("what was saved in the middle of writes is brought up to the end, again and again") {
  scratch_folder folder;
  {
    bench_collection docs(folder.path());
    docs.apply(puts(0, 1'000));
    // The view is of now, but versions that it shares are touched before it is saved.
    const auto seen = docs.state().make_view();
    docs.apply({effects_maker().put(3, 0, R"({"late":true})"), effects_maker().put(600, 1)});
    REQUIRE(docs.state().base_of(seen).run());
  }
  bench_collection docs(folder.path());
  CHECK(docs.state().loaded_lsn() != 0);
  change_much(docs);
  docs.save();
  docs.apply(puts(5'000, 5'010));
  docs.load();
  CHECK(docs.state().loaded_lsn() != 0);
  const auto found = docs.state().make_view();
  check_same(*found, *read_anew(docs));
}

TEST_CASE("a version of a write that a crash took back is asked of storage") {
  scratch_folder folder;
  const auto live = folder.path() / "live";
  const auto crashed = folder.path() / "crashed";
  std::filesystem::path slots;
  {
    bench_collection docs(live);
    docs.apply(puts(0, 50));
    docs.apply({effects_maker().put(3, 0, R"({"n":1})")});
    const auto seen = docs.state().make_view();
    REQUIRE(docs.engine().checkpoint());
    std::filesystem::copy(live, crashed, std::filesystem::copy_options::recursive);
    docs.apply({effects_maker().put(3, 0, R"({"n":2})"), effects_maker().put(9, 0, "{}")});
    REQUIRE(docs.state().base_of(seen).run());
    slots = std::filesystem::relative(docs.derived() / "slots", live);
    std::filesystem::copy_file(live / slots, crashed / slots);
  }
  bench_collection docs(crashed);
  CHECK(docs.state().loaded_lsn() != 0);
  const auto found = docs.state().make_view();
  CHECK(found->slots.version(3) == found->lsn);
  CHECK(found->slots.version(9) < found->lsn);
  check_same(*found, *read_anew(docs));
}

TEST_CASE("saved slots that are damaged, cut short or of something else are left alone") {
  scratch_folder folder;
  bench_collection docs(folder.path());
  docs.apply(puts(0, 600));
  const auto file = docs.derived() / "slots";
  const auto refused = [&](const auto& harm) {
    docs.save();
    docs.load();
    REQUIRE(docs.state().loaded_lsn() != 0);
    harm();
    docs.load();
    CHECK(docs.state().loaded_lsn() == 0);
    const auto found = docs.state().make_view();
    check_same(*found, *read_anew(docs));
  };
  refused([&] { damage(file, 3); });
  refused([&] { damage(file, 30); });
  refused([&] { damage(file, std::filesystem::file_size(file) / 2); });
  refused([&] { damage(file, std::filesystem::file_size(file) - 3); });
  refused([&] { std::filesystem::resize_file(file, std::filesystem::file_size(file) / 3); });
  refused([&] { std::filesystem::resize_file(file, 0); });
  refused([&] { std::filesystem::remove(file); });
  refused([&] {
    std::filesystem::copy_file(docs.derived() / "vector-0.rows.sums", file,
                               std::filesystem::copy_options::overwrite_existing);
  });
}

TEST_CASE("rows that are lost are read again, whatever the slots say") {
  scratch_folder folder;
  bench_collection docs(folder.path());
  docs.apply(puts(0, 30'000));
  const auto rows = docs.derived() / "vector-0.rows";
  const auto sums = docs.derived() / "vector-0.rows.sums";
  const auto expected = docs.state().make_view();
  const auto same_after = [&](const auto& harm) {
    docs.save();
    harm();
    docs.load();
    CHECK(docs.state().loaded_lsn() != 0);
    check_same(*docs.state().make_view(), *expected);
  };
  same_after([&] { damage(rows, 4096 + 128 * 20'000); });
  same_after([&] { damage(rows, 4096 + 5); });
  same_after([&] { damage(rows, 9); });
  same_after([&] { std::filesystem::resize_file(rows, 1'000'000); });
  same_after([&] { std::filesystem::remove(rows); });
  same_after([&] { std::filesystem::remove(sums); });
  same_after([&] { damage(sums, 100); });
}

TEST_CASE("where the journal no longer tells what changed, every point is read") {
  scratch_folder folder;
  bench_collection docs(folder.path(), 1);
  docs.apply(puts(0, 500));
  docs.save();
  for (int i = 0; i < 20; ++i) docs.apply(puts(0, 500, i + 1));
  REQUIRE(docs.engine().journal().trim());
  REQUIRE(docs.engine().journal().marks().trimmed > docs.state().loaded_lsn());
  docs.load();
  CHECK(docs.state().loaded_lsn() == 0);
  const auto found = docs.state().make_view();
  check_same(*found, *read_anew(docs));
}

TEST_CASE("vectors whose file cannot be had are kept in memory") {
  scratch_folder folder;
  bench_collection docs(folder.path());
  docs.apply(puts(0, 300));
  const auto expected = docs.state().make_view();
  const auto rows = docs.derived() / "vector-0.rows";
  std::filesystem::remove(rows);
  std::filesystem::create_directory(rows);
  docs.load();
  const auto found = docs.state().make_view();
  CHECK_FALSE(found->vectors[0].arena->in_file());
  check_same(*found, *expected);
}

TEST_CASE("a batch that finds no room for its rows changes nothing") {
  scratch_folder folder;
  bench_collection docs(folder.path());
  docs.apply(puts(0, 100));
  const auto before = docs.state().make_view();
  rlimit limit{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
  auto* const handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit tight{4u << 20, limit.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &tight) == 0);
  const auto refused = docs.state().apply({puts(100, 40'000), {}});
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
  std::signal(SIGXFSZ, handler);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK_THAT(refused.error().message,
             Catch::Contains("collection 'docs'") && Catch::Contains("vector-0.rows"));
  CHECK_FALSE(docs.state().broken());
  check_same(*docs.state().make_view(), *before);
  docs.apply(puts(100, 200));
  CHECK(docs.state().make_view()->points == 200);
}

TEST_CASE("originals on disk leave memory when they are let go") {
  scratch_folder folder;
  auto spec = two_vectors();
  spec.vectors[0].on_disk = true;
  bench_collection docs(folder.path(), 64u << 20, spec);
  docs.apply(puts(0, 20'000));
  const auto seen = docs.state().make_view();
  const auto& rows = *seen->vectors[0].arena;
  CHECK(rows.memory().resident_bytes > rows.memory().mapped_bytes / 2);
  docs.state().tidy();
  CHECK(rows.memory().resident_bytes < rows.memory().mapped_bytes / 10);
  const auto info = docs.state().info();
  CHECK(info.indexes[0].arena_mapped_bytes >= 20'000 * 128);
  CHECK(info.indexes[0].arena_bytes < info.indexes[0].arena_mapped_bytes / 10);
  CHECK(info.indexes[1].arena_mapped_bytes == 0);
  CHECK(info.indexes[1].arena_bytes >= 20'000 * 64);
  CHECK(info.slot_table_bytes >= 20'000 * 25);
  docs.save();
  docs.load();
  check_same(*docs.state().make_view(), *seen);
}
