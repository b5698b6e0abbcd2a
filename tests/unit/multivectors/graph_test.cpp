// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "tests/support/scratch_folder.hpp"
#include "tests/unit/multivectors/loaded_collection.hpp"
#include "tests/unit/multivectors/max_sim_model.hpp"

using namespace thespis;
using tests::loaded_collection;
using tests::scratch_folder;

namespace {

constexpr std::uint32_t size = 16;
constexpr std::size_t topics = 200;

collection_spec graph(distance metric) {
  collection_spec spec;
  vector_spec vector;
  vector.size = size;
  vector.metric = metric;
  vector.multivector = true;
  spec.vectors = {vector};
  spec.hnsw.full_scan_threshold_kb = 0;  // the graph answers, however few rows there are
  return spec;
}

/// Draws points about a few topics each, as texts are.
class texts {
 public:
  explicit texts(unsigned seed) : random_(seed) {
    for (std::size_t i = 0; i < topics; ++i) centers_.push_back(draw(1.0F));
  }

  named_vector rows(std::uint64_t count) {
    named_vector made;
    made.shape = vector_shape::multivector;
    made.size = size;
    for (std::uint64_t i = 0; i < count; ++i) {
      auto row = draw(0.3F);
      const auto& center = centers_[random_() % topics];
      for (std::uint32_t j = 0; j < size; ++j) made.values.push_back(center[j] + row[j]);
    }
    return made;
  }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }

 private:
  std::vector<float> draw(float spread) {
    std::normal_distribution<float> normal(0, spread);
    std::vector<float> made(size);
    for (auto& value : made) value = normal(random_);
    return made;
  }

  std::mt19937 random_;
  std::vector<std::vector<float>> centers_;
};

search_request near(named_vector query, bool exact = false) {
  search_request wanted;
  wanted.target = std::move(query);
  wanted.exact = exact;
  return wanted;
}

/// The part of the true hits that a search finds. What it finds has the true score.
double recall(const loaded_collection& docs, const search_request& wanted) {
  auto truth_of = wanted;
  truth_of.exact = true;
  const auto truth = docs.search(truth_of);
  const auto found = docs.search(wanted);
  REQUIRE(truth);
  REQUIRE(found);
  REQUIRE(found->hits.size() == truth->hits.size());
  std::size_t common = 0;
  for (const auto& hit : found->hits)
    for (const auto& other : truth->hits)
      if (hit.id == other.id) {
        ++common;
        CHECK(hit.score == other.score);
      }
  return static_cast<double>(common) / static_cast<double>(truth->hits.size());
}

}  // namespace

TEST_CASE("the graph over rows finds nearly all that an exact search finds") {
  for (const auto metric :
       {distance::cosine, distance::dot, distance::euclid, distance::manhattan}) {
    INFO("metric " << to_string(metric));
    scratch_folder folder;
    loaded_collection docs(folder.path(), graph(metric));
    texts source(7);
    std::vector<point> points;
    for (std::uint64_t id = 0; id < 2000; ++id)
      points.push_back({point_id(id), {source.rows(1 + source.below(5))}, {}});
    REQUIRE(docs.put(points));
    docs.build();
    REQUIRE(docs.state().info().indexes[0].tail_slots == 0);
    CHECK(docs.state().info().indexes[0].index_bytes > 0);
    CHECK(docs.state().info().status == collection_status::green);
    double sum = 0;
    constexpr int queries = 20;
    for (int i = 0; i < queries; ++i) sum += recall(docs, near(source.rows(1 + source.below(8))));
    CHECK(sum / queries > 0.9);
    // Fewer candidates may find less, but scores are true.
    const auto query = source.rows(4);
    auto quick = near(query);
    quick.hnsw_ef = 4;
    quick.limit = 1;
    recall(docs, quick);
    // Looking at rows for so many rows of a query would take more than a scan.
    auto many = near(source.rows(100));
    CHECK(recall(docs, many) == 1.0);
    const auto seen = docs.seen();
    const auto estimate = actors::estimate_bytes(*seen, many);
    many.exact = true;
    CHECK(estimate == actors::estimate_bytes(*seen, many));
  }
}

TEST_CASE("a graph over rows knows who died, and slots that wait for it are scanned") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), graph(distance::euclid));
  texts source(8);
  std::vector<named_vector> all;
  std::vector<point> points;
  for (std::uint64_t id = 0; id < 600; ++id) {
    all.push_back(source.rows(1 + source.below(4)));
    points.push_back({point_id(id), {all.back()}, {}});
  }
  REQUIRE(docs.put(points));
  docs.build(3);
  const auto indexed = docs.state().info().indexes[0];
  REQUIRE(indexed.indexed_slots > 0);
  REQUIRE(indexed.tail_slots > 0);
  CHECK(docs.state().info().status == collection_status::yellow);
  const auto before = docs.seen();
  std::set<std::uint64_t> gone;
  for (std::uint64_t id = 0; id < 600; id += 3) {
    REQUIRE(docs.erase(id));
    gone.insert(id);
  }
  const auto check = [&] {
    for (std::uint64_t id = 0; id < 600; id += 7) {
      const auto found = docs.search(near(all[id]));
      REQUIRE(found);
      CHECK((gone.contains(id) ? found->hits[0].id != point_id(id)
                               : found->hits[0].id == point_id(id) && found->hits[0].score == 0));
      for (const auto& hit : found->hits) CHECK_FALSE(gone.contains(hit.id.number()));
      const auto old = actors::search(*before, near(all[id]));
      REQUIRE(old);
      CHECK(old->hits[0].id == point_id(id));
    }
  };
  check();
  docs.build();
  REQUIRE(docs.state().info().indexes[0].tail_slots == 0);
  check();
  auto covered = near(all[1]);
  covered.indexed_only = true;
  CHECK(actors::search(*docs.seen(), covered)->hits[0].id == point_id(1));
  // After a start the graph is built again, and rows are scanned until then.
  REQUIRE(docs.load());
  CHECK(docs.state().info().indexes[0].indexed_slots == 0);
  CHECK(docs.search(covered)->hits.empty());
  for (const bool built : {false, true}) {
    if (built) docs.build();
    for (std::uint64_t id = 1; id < 600; id += 7)
      if (!gone.contains(id)) CHECK(docs.search(near(all[id]))->hits[0].id == point_id(id));
  }
}

TEST_CASE("a search of the graph finds as many points as were asked for") {
  scratch_folder folder;
  loaded_collection docs(folder.path(), graph(distance::cosine));
  texts source(9);
  // One point has all the rows that are near.
  named_vector crowd = source.rows(0);
  for (int i = 0; i < 1000; ++i)
    for (std::uint32_t j = 0; j < size; ++j)
      crowd.values.push_back(j == 0 ? 5.0F : static_cast<float>(i % 10) / 100);
  std::vector<point> points = {{point_id(1'000), {crowd}, {}}};
  for (std::uint64_t id = 0; id < 50; ++id) points.push_back({point_id(id), {source.rows(2)}, {}});
  REQUIRE(docs.put(points));
  docs.build();
  named_vector query = source.rows(0);
  for (std::uint32_t j = 0; j < size; ++j) query.values.push_back(j == 0 ? 1.0F : 0.0F);
  auto wanted = near(query);
  wanted.limit = 40;
  const auto found = docs.search(wanted);
  REQUIRE(found);
  REQUIRE(found->hits.size() == 40);
  CHECK(found->hits[0].id == point_id(1'000));
  std::set<std::uint64_t> different;
  for (const auto& hit : found->hits) different.insert(hit.id.number());
  CHECK(different.size() == 40);
}
