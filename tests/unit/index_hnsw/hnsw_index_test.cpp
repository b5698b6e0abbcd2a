// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <functional>
#include <set>

#include "tests/support/catch.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::test;

namespace {

constexpr std::uint32_t count = 6000;
constexpr std::uint32_t dimension = 20;

using predicate = std::function<bool(std::uint32_t)>;

// Share of the answers that are as near as the k-th of an exact search.
double recall(const rows& data, const rows& queries, const graph_index& subject, const ask& what,
              const predicate& admitted) {
  std::size_t right = 0;
  std::size_t wanted = 0;
  for (std::uint32_t q = 0; q < queries.size(); ++q) {
    std::vector<double> ranks;
    for (std::uint32_t slot = 0; slot < data.size(); ++slot)
      if (admitted(slot)) ranks.push_back(data.rank(queries.row(q), slot));
    std::sort(ranks.begin(), ranks.end());
    const auto expected = std::min<std::size_t>(what.k, ranks.size());
    const auto hits = subject.search(queries.row(q), what);
    REQUIRE(hits.size() == expected);
    std::set<std::uint32_t> seen;
    for (std::size_t i = 0; i < hits.size(); ++i) {
      REQUIRE(admitted(hits[i].slot));
      REQUIRE(seen.insert(hits[i].slot).second);
      REQUIRE((i == 0 || hits[i - 1].rank <= hits[i].rank));
      const double rank = data.rank(queries.row(q), hits[i].slot);
      REQUIRE(static_cast<double>(hits[i].rank) == Approx(rank).margin(1e-4));
      if (rank <= ranks[expected - 1] + 1e-9) ++right;
    }
    wanted += expected;
  }
  return static_cast<double>(right) / static_cast<double>(wanted);
}

bool any(std::uint32_t) { return true; }

}  // namespace

TEST_CASE("a walk finds the nearest rows under every metric, the more the larger ef is") {
  for (const thespis_metric metric : {THESPIS_METRIC_COSINE, THESPIS_METRIC_DOT,
                                      THESPIS_METRIC_EUCLID, THESPIS_METRIC_MANHATTAN}) {
    INFO("metric " << metric);
    rows data(metric, dimension, count);
    data.fill(1);
    rows queries(metric, dimension, 50);
    queries.fill(2);
    graph_index subject(data);
    subject.insert_range(0, count);
    const double low = recall(data, queries, subject, {10, 10}, any);
    const double middle = recall(data, queries, subject, {10, 40}, any);
    const double high = recall(data, queries, subject, {10, 300}, any);
    CHECK(low > 0.3);
    CHECK(low < middle);
    CHECK(middle < high);
    CHECK(high >= 0.99);
    CHECK(recall(data, queries, subject, {10, count}, any) == 1);
  }
}

TEST_CASE("an index answers from the first row on, and never more than there are") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 40);
  data.fill(3);
  graph_index subject(data);
  CHECK(subject.search(data.row(0), {10}).empty());
  for (std::uint32_t slot = 0; slot < data.size(); ++slot) {
    subject.insert(slot);
    const auto hits = subject.search(data.row(slot), {10});
    REQUIRE(hits.size() == std::min(10u, slot + 1));
    CHECK(hits[0].slot == slot);
    CHECK(hits[0].rank == 0);
  }
  CHECK(subject.search(data.row(0), {100, 5}).size() == data.size());
}

TEST_CASE("tombstones are never answered, and k answers come while k rows live") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  data.fill(4);
  rows queries(THESPIS_METRIC_EUCLID, dimension, 20);
  queries.fill(5);
  graph_index subject(data);
  subject.insert_range(0, count);
  for (const std::uint32_t living : {2u, 20u, count / 10, count / 2, count - 5}) {
    INFO("living " << living);
    bitmap dead(count);
    // The nearest to a query die first, so that a walk passes through nothing but tombstones.
    std::vector<std::uint32_t> order(count);
    for (std::uint32_t slot = 0; slot < count; ++slot) order[slot] = slot;
    std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return data.rank(queries.row(0), a) < data.rank(queries.row(0), b);
    });
    for (std::uint32_t i = 0; i < count - living; ++i) dead.insert(order[i]);
    const auto view = dead.view();
    CHECK(recall(data, queries, subject, {10, 100, 0, count, &view},
                 [&](std::uint32_t slot) { return !dead.contains(slot); }) >= 0.95);
  }
}

TEST_CASE("a query amid more tombstones than a walk keeps in order finds what lives behind them") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  data.fill(10);
  rows query(THESPIS_METRIC_EUCLID, dimension, 1);
  query.fill(11);
  graph_index subject(data);
  subject.insert_range(0, count);
  std::vector<std::uint32_t> order(count);
  for (std::uint32_t slot = 0; slot < count; ++slot) order[slot] = slot;
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
    return data.rank(query.row(0), a) < data.rank(query.row(0), b);
  });
  bitmap dead(count);
  for (std::uint32_t i = 0; i < count / 2; ++i) dead.insert(order[i]);
  const auto view = dead.view();
  CHECK(recall(data, query, subject, {10, 20, 0, count, &view},
               [&](std::uint32_t slot) { return !dead.contains(slot); }) >= 0.8);
}

TEST_CASE("tombstones and a range that ends early cost a walk no recall") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  data.fill(12);
  rows queries(THESPIS_METRIC_EUCLID, dimension, 100);
  queries.fill(13);
  graph_index subject(data);
  subject.insert_range(0, count);
  constexpr double lost_max = 0.005;
  const double whole = recall(data, queries, subject, {10, 20, 0, count}, any);
  CHECK(recall(data, queries, subject, {10, 20, 0, count - 200},
               [](std::uint32_t slot) { return slot < count - 200; }) >= whole - lost_max);
  for (const std::uint32_t every : {100u, 10u, 2u}) {
    bitmap dead(count);
    for (std::uint32_t slot = 0; slot < count; slot += every) dead.insert(slot);
    const auto view = dead.view();
    CHECK(recall(data, queries, subject, {10, 20, 0, count, &view},
                 [&](std::uint32_t slot) { return slot % every != 0; }) >= whole - lost_max);
  }
}

TEST_CASE("only allowed slots of the range are answered, however few they are") {
  rows data(THESPIS_METRIC_COSINE, dimension, count);
  data.fill(6);
  rows queries(THESPIS_METRIC_COSINE, dimension, 20);
  queries.fill(7);
  graph_index subject(data);
  subject.insert_range(0, count);
  for (const std::uint32_t step : {1u, 2u, 5u, 100u, 2500u}) {
    INFO("every " << step);
    bitmap allowed(count);
    for (std::uint32_t slot = 0; slot < count; slot += step) allowed.insert(slot);
    bitmap dead(count);
    for (std::uint32_t slot = 0; slot < count; slot += 2) dead.insert(slot + 1);
    const auto allowed_view = allowed.view();
    const auto dead_view = dead.view();
    for (const bool with_dead : {false, true}) {
      for (const std::uint32_t first : {0u, 70u, 3000u}) {
        const ask what{10, 64, first, count - 10, with_dead ? &dead_view : nullptr, &allowed_view};
        CHECK(recall(data, queries, subject, what, [&](std::uint32_t slot) {
                return slot >= first && slot < count - 10 && allowed.contains(slot) &&
                       !(with_dead && dead.contains(slot));
              }) >= 0.95);
      }
    }
  }
}

TEST_CASE("thousands of equal rows and zero rows do no harm") {
  for (const thespis_metric metric : {THESPIS_METRIC_COSINE, THESPIS_METRIC_EUCLID}) {
    rows data(metric, dimension, count);
    data.fill(8);
    for (std::uint32_t slot = 0; slot < count; slot += 2)
      std::memset(data.row(slot), 0, sizeof(float) * 32);
    graph_index subject(data);
    subject.insert_range(0, count);
    for (const std::uint32_t slot : {0u, 1u, 4001u}) {
      const auto hits = subject.search(data.row(slot), {100, 128});
      REQUIRE(hits.size() == 100);
      std::set<std::uint32_t> seen;
      for (const auto& hit : hits) CHECK(seen.insert(hit.slot).second);
    }
  }
}

TEST_CASE("the same seed and order give the same graph, another seed another") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 1500);
  data.fill(9, 4);
  graph_index first(data);
  graph_index second(data);
  graph_index other(data, 8, 64, 43);
  for (graph_index* one : {&first, &second, &other}) one->insert_range(0, data.size());
  CHECK(first.save() == second.save());
  CHECK(first.save() != other.save());
  CHECK(first.bytes() > data.size() * 16 * 4);
}

TEST_CASE("parameters and slots out of range are refused") {
  rows data(THESPIS_METRIC_EUCLID, dimension, 10);
  CHECK_THROWS_WITH(graph_index(data, 1), Catch::Contains("m is 1, expected 2 to 128"));
  CHECK_THROWS_WITH(graph_index(data, 129), Catch::Contains("m is 129"));
  CHECK_THROWS_WITH(graph_index(data, 8, 0), Catch::Contains("ef_construct is 0"));
  CHECK_THROWS_WITH(graph_index(data, 8, 5000), Catch::Contains("ef_construct is 5000"));
  graph_index subject(data);
  CHECK_THROWS_WITH(subject.insert(0x80000000u), Catch::Contains("slot 2147483648"));
  CHECK(subject.search(data.row(0), {10}).empty());
}
