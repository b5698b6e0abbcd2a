// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// How a collection keeps within memory and disk.

#include <filesystem>
#include <memory>
#include <random>
#include <thread>

#include "actors/collection/collection_state.hpp"
#include "actors/collection/save_pace.hpp"
#include "core/log.hpp"
#include "storage/catalog_store.hpp"
#include "storage/engine.hpp"
#include "storage/flusher.hpp"
#include "tests/support/catch.hpp"
#include "tests/support/scratch_folder.hpp"

using namespace thespis;
using namespace thespis::actors;

namespace {

constexpr std::uint32_t dimension = 64;
constexpr std::uint64_t budget_bytes = 1u << 30;

/// A collection on storage, without actors, of a process whose memory the test decides about.
class bounded_collection {
 public:
  bounded_collection(const std::filesystem::path& folder, const std::string& index)
      : memory_(std::make_shared<memory_budget>(budget_bytes, memory_ceiling{}, [this] {
          return process_memory{used_bytes, used_bytes, 0};
        })) {
    log::set_level(log::level::off);
    config::storage settings;
    settings.data_dir = folder;
    settings.cache_bytes = 16u << 20;
    settings.log_file_bytes = 1u << 20;
    engine_ = *storage::engine::open(settings);
    config::plugins folders;
    folders.folders = {THESPIS_PLUGIN_FOLDER};
    plugins_ = *plugins::registry::load(folders);
    collection_spec spec;
    vector_spec vector;
    vector.size = dimension;
    vector.metric = distance::euclid;
    vector.index = index;
    spec.vectors.push_back(vector);
    REQUIRE(engine_->catalog().create("docs", spec));
    load();
  }
  ~bounded_collection() { state_.reset(); }
  bounded_collection(const bounded_collection&) = delete;
  bounded_collection& operator=(const bounded_collection&) = delete;

  void load() {
    state_.reset();
    const auto meta = engine_->catalog().list()->front();
    auto store = engine_->catalog().open(meta);
    REQUIRE(store);
    collection_bounds bounds{memory_, [this](std::uint64_t bytes) -> result<void> {
                               if (bytes <= free_bytes) return ok();
                               return error(errc::resource_exhausted, "no room on the test's disk");
                             }};
    auto loaded = collection_state::load(*store, *plugins_, engine_->journal(),
                                         *engine_->derived_folder(meta.id), std::move(bounds));
    REQUIRE(loaded);
    state_ = std::move(*loaded);
  }

  result<lsn_t> apply(std::uint64_t first, std::uint64_t count) {
    std::vector<effect> effects;
    for (auto id = first; id < first + count; ++id) {
      std::mt19937 random(static_cast<unsigned>(id));
      std::normal_distribution<float> normal;
      upsert_effect change;
      change.point.id = point_id(id);
      std::vector<float> values(dimension);
      for (auto& value : values) value = normal(random);
      change.point.vectors.push_back({"", std::move(values)});
      effects.emplace_back(std::move(change));
    }
    auto lsn = state_->apply({std::move(effects), {}});
    if (lsn) wait_durable(*lsn);
    return lsn;
  }
  result<lsn_t> erase(std::uint64_t id) {
    std::vector<effect> effects{delete_effect{point_id(id)}};
    return state_->apply({std::move(effects), {}});
  }
  void wait_durable(lsn_t lsn) {
    engine_->flusher().when_durable(lsn, [](lsn_t) {});
    while (engine_->journal().marks().durable < lsn) std::this_thread::yield();
  }
  void build() {
    const auto seen = state_->make_view();
    while (const auto slice = state_->take_slice(0, seen->end_slot)) {
      const auto work = state_->work_of(0, *slice, *seen);
      REQUIRE(work.index->insert(work.slots));
      state_->finish_slice(0, *slice, work.slots.size());
    }
  }
  [[nodiscard]] collection_state& state() { return *state_; }
  [[nodiscard]] memory_budget& memory() { return *memory_; }

  std::uint64_t used_bytes = 0;
  std::uint64_t free_bytes = budget_bytes;

 private:
  std::shared_ptr<memory_budget> memory_;
  std::shared_ptr<storage::engine> engine_;
  std::shared_ptr<plugins::registry> plugins_;
  std::unique_ptr<collection_state> state_;
};

std::uint64_t part(memory_budget& memory, memory_part which) {
  return memory.report().parts[static_cast<std::size_t>(which)];
}

}  // namespace

TEST_CASE("a write that does not fit into memory is refused, a deletion is not") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "hnsw");
  REQUIRE(docs.apply(0, 100));
  docs.used_bytes = budget_bytes - 1000;
  const auto refused = docs.apply(100, 10);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK(refused.error().message.find("collection 'docs'") != std::string::npos);
  CHECK(docs.erase(5));
  CHECK(docs.state().info().points == 99);
  docs.used_bytes = 0;
  CHECK(docs.apply(100, 10));
}

TEST_CASE("the accounts follow a collection and end with it") {
  const tests::scratch_folder folder;
  bounded_collection flat(folder.path() / "flat", "flat");
  REQUIRE(flat.apply(0, 500));
  CHECK(part(flat.memory(), memory_part::rows) >= 500 * dimension * sizeof(float));
  CHECK(part(flat.memory(), memory_part::slots) > 0);

  bounded_collection docs(folder.path() / "hnsw", "hnsw");
  REQUIRE(docs.apply(0, 500));
  CHECK(part(docs.memory(), memory_part::rows) == 0);
  // Links and codes of slots that wait are promised to the index.
  CHECK(docs.memory().report().promised_bytes >= 500 * dimension * sizeof(float));
  docs.build();
  CHECK(docs.memory().report().promised_bytes == 0);
  CHECK(part(docs.memory(), memory_part::index) == docs.state().info().indexes[0].index_bytes);
  docs.state().tidy();
  CHECK(part(docs.memory(), memory_part::mapped_rows) > 0);
}

TEST_CASE("a graph that does not fit is left out, and searches are exact") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "hnsw");
  REQUIRE(docs.apply(0, 2000));
  docs.build();
  for (const auto& work : docs.state().unsaved(*docs.state().make_view())) {
    REQUIRE(work.run());
    docs.state().note_saved(work.stamp.vector_name, work.stamp.next_slot);
  }
  REQUIRE(docs.state().base_of(docs.state().make_view()).run());

  docs.used_bytes = budget_bytes - 1000;
  docs.load();
  CHECK(docs.state().make_view()->vectors[0].index->scans());
  CHECK(docs.state().info().status == collection_status::yellow);
  CHECK(docs.state().info().status_detail.find("exact") != std::string::npos);
  CHECK(docs.state().info().points == 2000);
  CHECK(docs.erase(7));
  // Nothing takes the place of the file that is there.
  CHECK(docs.state().unsaved(*docs.state().make_view()).empty());

  docs.used_bytes = 0;
  docs.load();
  CHECK(!docs.state().make_view()->vectors[0].index->scans());
  CHECK(docs.state().info().indexes[0].indexed_slots == 2000);
}

TEST_CASE("vectors that do not fit into memory are read from a mapped file") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "flat");
  REQUIRE(docs.apply(0, 300));
  const auto before = docs.state().make_view();
  CHECK(!before->vectors[0].arena->in_file());
  docs.used_bytes = budget_bytes - 1000;
  docs.load();
  const auto after = docs.state().make_view();
  REQUIRE(after->vectors[0].arena->in_file());
  for (slot_t slot = 0; slot < 300; ++slot)
    for (std::uint32_t i = 0; i < dimension; ++i)
      REQUIRE(after->vectors[0].arena->row(slot)[i] == before->vectors[0].arena->row(slot)[i]);
}

TEST_CASE("slots wait for the index while memory is short") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "hnsw");
  REQUIRE(docs.apply(0, 300));
  docs.used_bytes = budget_bytes;
  CHECK(!docs.state().take_slice(0, 300));
  CHECK(docs.state().info().status_detail.find("wait for memory") != std::string::npos);
  docs.used_bytes = 0;
  docs.build();
  CHECK(docs.state().info().status == collection_status::green);
}

TEST_CASE("an index is put in order only with memory promised before it begins") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "hnsw");
  REQUIRE(docs.apply(0, 1500));
  docs.build();
  auto works = docs.state().out_of_order(*docs.state().make_view());
  REQUIRE(works.size() == 1);
  docs.used_bytes = budget_bytes - 1000;
  const auto refused = works[0].run();
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  docs.state().note_put_off(0, refused.error().message);
  docs.state().note_ordered(0, 0, false);
  CHECK(docs.state().info().status_detail.find("put off") != std::string::npos);
  docs.state().tidy();
  CHECK(docs.state().out_of_order(*docs.state().make_view()).empty());

  docs.used_bytes = 0;
  docs.state().tidy();
  CHECK(docs.state().info().status == collection_status::green);
  works = docs.state().out_of_order(*docs.state().make_view());
  REQUIRE(works.size() == 1);
  CHECK(works[0].run());
}

TEST_CASE("files that can be made again leave the disk's reserve alone") {
  const tests::scratch_folder folder;
  bounded_collection docs(folder.path(), "hnsw");
  REQUIRE(docs.apply(0, 300));
  docs.build();
  docs.free_bytes = 100;
  const auto works = docs.state().unsaved(*docs.state().make_view());
  REQUIRE(works.size() == 1);
  CHECK(works[0].run().error().code == errc::resource_exhausted);
  CHECK(!std::filesystem::exists(works[0].file));
  CHECK(docs.state().base_of(docs.state().make_view()).run().error().code ==
        errc::resource_exhausted);
  docs.state().note_unsaved("", "no room on the test's disk");
  CHECK(docs.state().info().status_detail.find("not saved: no room") != std::string::npos);
  docs.state().note_saved("", works[0].stamp.next_slot);
  CHECK(docs.state().info().status == collection_status::green);

  // Rows beyond what their file has taken already are refused before anything is committed.
  const auto refused = docs.apply(300, 5000);
  REQUIRE(!refused);
  CHECK(refused.error().code == errc::resource_exhausted);
  CHECK(docs.state().info().points == 300);
  docs.free_bytes = budget_bytes;
  CHECK(docs.apply(300, 5000));
}

TEST_CASE("a save that failed is tried again later and later") {
  constexpr std::int64_t s = 1'000'000'000;
  save_pace pace(0);
  const auto fail_at = [&](std::int64_t now) {
    pace.begin(now);
    pace.note_failure();
    pace.end(now);
  };
  CHECK(pace.due(s, s));
  fail_at(0);
  CHECK(!pace.due(14 * s, s));
  CHECK(pace.due(15 * s, s));
  fail_at(15 * s);
  CHECK(!pace.due(44 * s, s));
  CHECK(pace.due(45 * s, s));
  for (int i = 0; i < 100; ++i) fail_at(0);
  CHECK(!pace.due(479 * s, s));
  CHECK(pace.due(480 * s, s));
  pace.begin(480 * s);
  pace.end(480 * s);
  CHECK(pace.due(481 * s, s));
}
