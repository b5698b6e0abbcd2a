// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

// The index over rows of a multivector, saved and loaded again.

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "actors/collection/derived_files.hpp"
#include "actors/collection/row_files.hpp"
#include "plugins/host/registry.hpp"
#include "tests/support/scratch_folder.hpp"
#include "tests/unit/multivectors/loaded_collection.hpp"
#include "tests/unit/multivectors/max_sim_model.hpp"

using namespace thespis;
using tests::loaded_collection;
using tests::scratch_folder;

namespace {

constexpr std::uint32_t size = 12;
constexpr slot_t points_built = 300;

collection_spec graph() {
  collection_spec spec;
  vector_spec vector;
  vector.name = "words";
  vector.size = size;
  vector.metric = distance::euclid;
  vector.multivector = true;
  // Beside one that keeps its own files and gives ordinals of their own.
  vector_spec dense;
  dense.name = "title";
  dense.size = 2;
  dense.metric = distance::dot;
  spec.vectors = {dense, vector};
  spec.hnsw.full_scan_threshold_kb = 0;  // the graph answers, however few rows there are
  return spec;
}

/// A collection with an index of rows, and what is in it.
class bench {
 public:
  explicit bench(const std::filesystem::path& folder) : docs_(folder, graph()) {}

  void put(std::uint64_t first, std::uint64_t end) {
    std::vector<point> points;
    for (auto id = first; id < end; ++id) {
      auto& rows = all_[id];
      rows.name = "words";
      rows.shape = vector_shape::multivector;
      rows.size = size;
      std::normal_distribution<float> normal;
      rows.values.resize(size * (1 + random_() % 5));
      for (auto& value : rows.values) value = normal(random_);
      point made{point_id(id), {rows}, {}};
      if (id % 4 == 0) made.vectors.push_back(dense_vector({1, 2}, "title"));
      if (id % 9 == 5) {  // some have no rows
        made.vectors = {dense_vector({2, 1}, "title")};
        all_.erase(id);
      }
      points.push_back(std::move(made));
    }
    REQUIRE(docs_.put(points));
  }
  void erase(std::uint64_t first, std::uint64_t end, std::uint64_t step) {
    for (auto id = first; id < end; id += step) {
      REQUIRE(docs_.erase(id));
      all_.erase(id);
      gone_.insert(id);
    }
  }
  /// Builds what waits and saves everything.
  void save() {
    docs_.build();
    save_built();
  }
  void save_built() {
    REQUIRE(docs_.state().base_of(docs_.seen()).run());
    for (const auto& work : docs_.state().unsaved(*docs_.seen())) {
      REQUIRE(work.run());
      docs_.state().note_saved(work.stamp.vector_name, work.stamp.next_slot);
    }
    CHECK(docs_.state().unsaved(*docs_.seen()).empty());
  }
  void load() { REQUIRE(docs_.load()); }

  [[nodiscard]] vector_index_info info() { return docs_.state().info().indexes.back(); }
  [[nodiscard]] std::filesystem::path file(const char* extension) {
    return actors::derived_files::of_vector(docs_.folder(), {1, {}}, extension);
  }
  [[nodiscard]] std::filesystem::path numbers() {
    return file(actors::derived_files::row_numbers_extension);
  }
  [[nodiscard]] std::filesystem::path index() {
    return file(actors::derived_files::row_index_extension);
  }
  [[nodiscard]] loaded_collection& docs() { return docs_; }

  /// Each point is found by its rows, and those that went are not, by the graph and exactly.
  void check_searches() {
    for (const bool exact : {false, true})
      for (const auto& [id, rows] : all_) {
        if (id % 7 != 0) continue;
        search_request wanted;
        wanted.target = rows;
        wanted.vector_name = "words";
        wanted.exact = exact;
        const auto found = docs_.search(wanted);
        REQUIRE(found);
        REQUIRE_FALSE(found->hits.empty());
        CHECK(found->hits[0].id == point_id(id));
        CHECK(found->hits[0].score == 0);
        for (const auto& hit : found->hits) CHECK_FALSE(gone_.contains(hit.id.number()));
      }
  }

 private:
  loaded_collection docs_;
  std::mt19937 random_{11};
  std::map<std::uint64_t, named_vector> all_;
  std::set<std::uint64_t> gone_;
};

void flip_byte(const std::filesystem::path& file, std::uint64_t at) {
  std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekg(static_cast<std::streamoff>(at));
  const auto byte = static_cast<char>(stream.get() ^ 0x40);
  stream.seekp(static_cast<std::streamoff>(at));
  stream.put(byte);
}

/// Of the second vector.
std::vector<health_finding> findings(bench& made, bool repair) {
  auto& state = made.docs().state();
  const auto counters = state.store().counters();
  return actors::derived_files::check(state.meta(), &counters, nullptr, made.docs().folder(),
                                      repair)[0]
      .findings;
}

}  // namespace

TEST_CASE("an index of rows is there again after a start, and goes on from there") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, points_built);
  made.erase(3, points_built, 10);
  made.save();
  REQUIRE(std::filesystem::exists(made.numbers()));
  REQUIRE(std::filesystem::exists(made.index()));
  const auto saved_end = made.info().indexed_slots;
  REQUIRE(saved_end == points_built);
  // Written after it was saved: new points, others' new rows, and deletions up to the last slot.
  made.put(points_built, points_built + 40);
  made.put(20, 30);
  made.erase(0, 3, 1);
  made.erase(points_built - 1, points_built, 1);
  for (int start = 0; start < 3; ++start) {
    made.load();
    CHECK(made.info().indexed_slots == saved_end);
    CHECK(made.info().tail_slots == 50);
    CHECK(made.info().index_bytes > 0);
    made.check_searches();
  }
  CHECK(findings(made, false).empty());
  made.docs().build();
  CHECK(made.info().tail_slots == 0);
  made.check_searches();
  made.save_built();
  const auto arena_bytes = made.info().arena_bytes;
  made.load();
  CHECK(made.info().tail_slots == 0);
  CHECK(made.info().inserted_slots == 0);
  CHECK(made.info().arena_bytes <= arena_bytes);
  made.check_searches();
}

TEST_CASE("an index of rows is loaded where every point is read, and where nothing has rows") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(5, 6);  // it has none
  made.save();
  made.load();
  CHECK(made.info().tail_slots == 0);
  made.put(10, 100);
  made.erase(95, 100, 1);
  made.save();
  std::filesystem::remove(made.docs().folder() / actors::derived_files::slots_name);
  made.load();
  CHECK(made.info().tail_slots == 0);
  made.check_searches();
}

TEST_CASE("files of rows that are damaged or missing cost a build, and nothing else") {
  using change = std::function<void(bench&)>;
  const std::pair<const char*, change> changes[] = {
      {"no numbers", [](bench& made) { std::filesystem::remove(made.numbers()); }},
      {"no index", [](bench& made) { std::filesystem::remove(made.index()); }},
      {"damaged numbers",
       [](bench& made) {
         flip_byte(made.numbers(), std::filesystem::file_size(made.numbers()) / 2);
       }},
      {"damaged index",
       [](bench& made) { flip_byte(made.index(), std::filesystem::file_size(made.index()) / 2); }},
      {"short numbers",
       [](bench& made) {
         std::filesystem::resize_file(made.numbers(),
                                      std::filesystem::file_size(made.numbers()) - 4);
       }},
      {"short index", [](bench& made) { std::filesystem::resize_file(made.index(), 100); }},
      {"an index as numbers",
       [](bench& made) {
         std::filesystem::copy_file(made.index(), made.numbers(),
                                    std::filesystem::copy_options::overwrite_existing);
       }},
  };
  for (const auto& [what, spoil] : changes) {
    INFO(what);
    const scratch_folder folder;
    bench made(folder.path());
    made.put(0, points_built);
    made.erase(1, points_built, 8);
    made.save();
    spoil(made);
    CHECK(findings(made, false).size() == (std::string(what) == "no index" ? 0 : 1));
    made.load();
    CHECK(made.info().indexed_slots == 0);
    // Nothing is left that a later start could take for its own.
    CHECK_FALSE(std::filesystem::exists(made.index()));
    if (what != std::string("no index")) CHECK_FALSE(std::filesystem::exists(made.numbers()));
    made.check_searches();
    made.save();
    made.check_searches();
    made.load();
    CHECK(made.info().tail_slots == 0);
    made.check_searches();
  }
}

TEST_CASE("an index of rows that is older than their numbers is used, a newer one is not") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, 200);
  made.save();
  const auto aside = folder.path() / "aside";
  std::filesystem::create_directory(aside);
  std::filesystem::copy_file(made.numbers(), aside / "numbers");
  std::filesystem::copy_file(made.index(), aside / "index");
  made.put(200, 300);
  made.erase(0, 200, 6);
  made.save();
  // As after a crash between the two: the numbers were written, the index was not.
  const auto replace = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(made.index(), aside / "newer");
  std::filesystem::copy_file(aside / "index", made.index(), replace);
  CHECK(findings(made, false).empty());
  made.load();
  CHECK(made.info().indexed_slots == 200);
  made.check_searches();
  made.save();
  std::filesystem::copy_file(aside / "newer", made.index(), replace);
  std::filesystem::copy_file(aside / "numbers", made.numbers(), replace);
  CHECK(findings(made, false).size() == 1);
  made.load();
  CHECK(made.info().indexed_slots == 0);
  made.check_searches();
}

TEST_CASE("an index of rows of another numbering, or another count of rows, is not used") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, 200);
  made.erase(0, 100, 3);
  made.save();
  const auto aside = folder.path() / "aside";
  const auto replace = std::filesystem::copy_options::overwrite_existing;
  std::filesystem::copy_file(made.index(), aside);
  std::filesystem::remove(made.numbers());
  made.load();
  made.save();
  std::filesystem::copy_file(aside, made.index(), replace);
  CHECK(findings(made, false).size() == 1);
  made.load();
  CHECK(made.info().indexed_slots == 0);
  made.check_searches();
  made.save();

  // Numbers that are sound, and of another past.
  const auto seen = made.docs().seen();
  const plugins::index_file_stamp stamp{seen->meta->id, "words",
                                        made.docs().state().store().counters().generation,
                                        seen->end_slot, seen->lsn};
  const auto numbers = actors::load_row_numbers(made.numbers(), stamp);
  REQUIRE(numbers);
  REQUIRE(numbers->end_slot == seen->end_slot);
  auto counts = numbers->counts;
  std::swap(counts[101], counts[102]);
  for (slot_t slot = 103; counts[101] == counts[102]; ++slot) std::swap(counts[101], counts[slot]);
  actors::row_table other;
  for (slot_t slot = 0; slot < counts.size(); ++slot) other.put(slot, counts[slot]);
  REQUIRE(actors::save_row_numbers(made.numbers(), stamp, numbers->numbering, other,
                                   numbers->dead_rows));
  made.load();
  CHECK(made.info().indexed_slots == 0);
  made.check_searches();
  made.save();
  made.check_searches();

  // Of another collection, vector or generation, or of a later state.
  for (const auto& spoil : std::vector<std::function<void(plugins::index_file_stamp&)>>{
           [](auto& one) { one.collection = uuid::random(); },
           [](auto& one) { one.vector_name = "title"; }, [](auto& one) { ++one.generation; },
           [](auto& one) { one.next_slot = 1; }, [](auto& one) { one.lsn = 1; }}) {
    auto spoilt = stamp;
    spoil(spoilt);
    const auto refused = actors::load_row_numbers(made.numbers(), spoilt);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().code == errc::failed_precondition);
  }
}

TEST_CASE("rows are numbered anew once more than half of them are dead") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, points_built);
  made.save();
  made.erase(0, points_built, 2);
  made.erase(1, points_built, 4);
  made.put(points_built, points_built + 1);
  made.save();
  const auto arena_bytes = made.info().arena_bytes;
  made.load();
  CHECK(made.info().indexed_slots == 0);
  CHECK(made.info().arena_bytes <= arena_bytes);
  made.check_searches();
  made.save();
  made.load();
  CHECK(made.info().tail_slots == 0);
  made.check_searches();
}

TEST_CASE("points that die before they are indexed do not spoil what is saved") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, points_built);
  made.docs().build(1);
  const auto built = made.info().indexed_slots;
  REQUIRE(built > 0);
  REQUIRE(built < points_built / 4);
  made.erase(built, points_built, 1);
  made.save_built();
  CHECK(findings(made, false).empty());
  made.load();  // more rows than are in the index were dead
  CHECK(made.info().indexed_slots == 0);
  made.check_searches();
  made.put(points_built, points_built + 100);
  made.docs().build(1);
  made.save_built();
  made.load();
  CHECK(made.info().indexed_slots > 0);
  made.check_searches();
}

TEST_CASE("a check finds damaged files of rows, and removes them when it is told to") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, 100);
  made.save();
  CHECK(findings(made, true).empty());
  flip_byte(made.index(), std::filesystem::file_size(made.index()) / 2);
  const auto found = findings(made, true);
  REQUIRE(found.size() == 1);
  CHECK_FALSE(found[0].repaired.empty());
  CHECK_FALSE(std::filesystem::exists(made.index()));
  CHECK_FALSE(std::filesystem::exists(made.numbers()));
  made.load();
  made.check_searches();
}

TEST_CASE("an index of rows that does not fit into memory is left where it is") {
  const scratch_folder folder;
  bench made(folder.path());
  made.put(0, points_built);
  made.save();
  const auto seen = made.docs().seen();
  const plugins::index_file_stamp stamp{made.docs().state().meta().id, "words",
                                        made.docs().state().store().counters().generation,
                                        points_built, seen->lsn};
  actors::row_files files;
  files.open(made.docs().folder(), *made.docs().state().meta().spec.find("words"), stamp);
  CHECK(files.saved_bytes() == std::filesystem::file_size(made.index()));
  // All slots died since, and keep their numbers all the same.
  actors::row_table rows;
  slot_bitmap dead;
  const auto vectors = *plugins::arena::create(size, distance::euclid);
  const auto plugins = plugins::registry::load({{THESPIS_PLUGIN_FOLDER}});
  REQUIRE(plugins);
  const auto index = (*plugins)->create_index("hnsw", vectors, {});
  REQUIRE(index);
  const auto loaded = files.load(**index, false, *vectors, stamp, rows, dead);
  REQUIRE(loaded);
  CHECK_FALSE(*loaded);
  CHECK(rows.end_row() == seen->multivectors[0].rows.end_row());
  CHECK(dead.size() == rows.end_row());
  CHECK(vectors->end_slot() == rows.end_row());
  CHECK(files.saved_bytes() == 0);
  CHECK(std::filesystem::exists(made.index()));
}
