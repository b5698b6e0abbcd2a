// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <random>

#include "tests/support/catch.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::test;

namespace {

constexpr std::uint32_t dimension = 12;

// Share of the nearest live rows among the answers, which must be live rows alone.
double share_found(const graph_index& subject, const rows& data, const rows& queries,
                   const ask& what, const bitmap& dead) {
  std::size_t right = 0;
  for (std::uint32_t q = 0; q < queries.size(); ++q) {
    std::vector<double> ranks;
    for (std::uint32_t slot = 0; slot < data.size(); ++slot)
      if (!dead.contains(slot)) ranks.push_back(data.rank(queries.row(q), slot));
    std::nth_element(ranks.begin(), ranks.begin() + what.k - 1, ranks.end());
    const auto hits = subject.search(queries.row(q), what);
    REQUIRE(hits.size() == what.k);
    for (const auto& hit : hits) {
      REQUIRE_FALSE(dead.contains(hit.slot));
      if (data.rank(queries.row(q), hit.slot) <= ranks[what.k - 1] + 1e-9) ++right;
    }
  }
  return static_cast<double>(right) / (queries.size() * what.k);
}

// Every answer of an index that a hostile file made must still be a row that exists.
void require_sane(const graph_index& subject, const rows& data) {
  for (std::uint32_t slot = 0; slot < data.size(); slot += 37)
    for (const auto& hit : subject.search(data.row(slot), {5, 1, 0, data.size()}))
      REQUIRE(hit.slot < data.size());
}

}  // namespace

TEST_CASE("a loaded graph answers as the saved one did, and grows on") {
  rows data(THESPIS_METRIC_COSINE, dimension, 5000);
  data.fill(21);
  graph_index saved(data);
  saved.insert_range(0, 4000);
  graph_index loaded(data);
  REQUIRE(loaded.load(saved.save(), 4000) == THESPIS_OK);
  CHECK(loaded.save() == saved.save());
  for (std::uint32_t q = 0; q < 4000; q += 50) {
    const auto expected = saved.search(data.row(q), {10, 20});
    const auto found = loaded.search(data.row(q), {10, 20});
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].slot == expected[i].slot);
  }
  loaded.insert_range(4000, 5000);
  for (std::uint32_t q = 4000; q < 5000; q += 50)
    CHECK(loaded.search(data.row(q), {1, 64}).at(0).slot == q);
}

TEST_CASE("a graph loses its dead as it is loaded and stays as good") {
  constexpr std::uint32_t count = 6000;
  for (const thespis_metric metric : {THESPIS_METRIC_EUCLID, THESPIS_METRIC_COSINE}) {
    for (const std::uint32_t dead_of_ten : {1u, 5u, 9u}) {
      INFO("metric " << metric << ", dead of ten " << dead_of_ten);
      rows data(metric, dimension, count);
      data.fill(27);
      rows queries(metric, dimension, 100);
      queries.fill(28);
      graph_index saved(data);
      saved.insert_range(0, count);
      bitmap dead(count);
      graph_index fresh(data);
      for (std::uint32_t slot = 0; slot < count; ++slot) {
        if (slot * 7919u % 10 < dead_of_ten) {
          dead.insert(slot);
        } else {
          fresh.insert(slot);
        }
      }
      const auto bytes = saved.save();
      for (std::uint32_t slot = 0; slot < count; ++slot)
        if (dead.contains(slot)) std::memset(data.row(slot), 0, sizeof(float) * (16 + 16));
      const auto view = dead.view();
      graph_index loaded(data);
      REQUIRE(loaded.load(bytes, count, &view) == THESPIS_OK);
      // Asked without tombstones: whatever died is gone.
      const ask what{10, 40, 0, count};
      const double kept = share_found(loaded, data, queries, what, dead);
      CHECK(kept >= share_found(fresh, data, queries, what, dead) - 0.01);
      const auto again = loaded.save();
      CHECK(again.size() < bytes.size());
      graph_index second(data);
      REQUIRE(second.load(again, count) == THESPIS_OK);
      CHECK(share_found(second, data, queries, what, dead) == kept);
    }
  }
}

TEST_CASE("a graph whose every node died is loaded empty and grows again") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 200);
  data.fill(29);
  graph_index saved(data);
  saved.insert_range(0, 100);
  bitmap dead(200);
  for (std::uint32_t slot = 0; slot < 100; ++slot) dead.insert(slot);
  const auto view = dead.view();
  graph_index loaded(data);
  REQUIRE(loaded.load(saved.save(), 100, &view) == THESPIS_OK);
  CHECK(loaded.search(data.row(0), {3, 0, 0, 200}).empty());
  loaded.insert_range(100, 200);
  CHECK(loaded.search(data.row(150), {3, 0, 0, 200}).at(0).slot == 150);
  CHECK(loaded.search(data.row(150), {200, 0, 0, 200}).size() == 100);
}

TEST_CASE("an empty graph is saved and loaded") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 10);
  data.fill(22);
  graph_index loaded(data);
  REQUIRE(loaded.load(graph_index(data).save(), 10) == THESPIS_OK);
  CHECK(loaded.search(data.row(0), {3}).empty());
  loaded.insert_range(0, 10);
  CHECK(loaded.search(data.row(4), {3}).at(0).slot == 4);
}

TEST_CASE("slots at or above the end are left out of a saved graph with their links") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 5000);
  data.fill(23);
  graph_index saved(data);
  saved.insert_range(0, data.size());
  for (const std::uint32_t end : {0u, 1u, 700u, 4999u}) {
    const auto bytes = saved.save(end);
    graph_index loaded(data);
    REQUIRE(loaded.load(bytes, end) == THESPIS_OK);
    CHECK(loaded.search(data.row(3), {5000}).size() == end);
    if (end != 0) {
      CHECK(graph_index(data).load(bytes, end - 1) == THESPIS_CORRUPTION);
    }
  }
}

TEST_CASE("a graph of another m is refused") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 100);
  data.fill(24);
  graph_index saved(data, 8);
  saved.insert_range(0, data.size());
  CHECK(graph_index(data, 9).load(saved.save(), data.size()) == THESPIS_CORRUPTION);
}

TEST_CASE("a saved graph that was cut short or has bytes too many is refused") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 300);
  data.fill(25);
  graph_index saved(data, 4, 20);
  saved.insert_range(0, data.size());
  const auto bytes = saved.save();
  for (std::size_t size = 0; size < bytes.size(); size += size < 400 ? 1 : 97)
    REQUIRE(graph_index(data, 4, 20).load(bytes.substr(0, size), data.size()) != THESPIS_OK);
  CHECK(graph_index(data, 4, 20).load(bytes + 'x', data.size()) == THESPIS_CORRUPTION);
}

TEST_CASE("damaged bytes give an error or a graph that is still safe to walk") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 300);
  data.fill(26);
  graph_index saved(data, 4, 20);
  saved.insert_range(0, data.size());
  const auto bytes = saved.save();
  bitmap dead(data.size());
  for (std::uint32_t slot = 0; slot < data.size(); slot += 3) dead.insert(slot);
  const auto view = dead.view();
  constexpr std::uint32_t seed = 20260102;
  std::mt19937 random(seed);
  std::size_t refused = 0;
  constexpr std::size_t rounds = 3000;
  for (std::size_t round = 0; round < rounds; ++round) {
    auto damaged = bytes;
    // Header and levels are short, so they get their share of the damage.
    const std::size_t area = round % 3 == 0 ? 32 : round % 3 == 1 ? 340 : bytes.size();
    for (std::size_t i = 0; i <= round % 4; ++i)
      damaged[random() % area] = static_cast<char>(random());
    graph_index loaded(data, 4, 20);
    const auto status = loaded.load(damaged, data.size(), round % 2 == 0 ? nullptr : &view);
    INFO("seed " << seed << " round " << round);
    if (status == THESPIS_OK) {
      require_sane(loaded, data);
    } else {
      REQUIRE(status == THESPIS_CORRUPTION);
      ++refused;
    }
  }
  CHECK(refused > rounds / 2);
}
