// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <array>
#include <cmath>
#include <thread>

#include "tests/support/catch.hpp"
#include "tests/unit/index_hnsw/plugin_harness.hpp"

using namespace thespis::test;

namespace {

constexpr std::uint32_t dimension = 64;
constexpr std::uint32_t count = 6000;

// Points around centres of their own, as data that people have lie.
void fill_clusters(rows& data, std::uint32_t seed, std::uint32_t clusters, float spread) {
  rows centres(data.lent().metric, dimension, clusters);
  centres.fill(99);
  data.fill(seed);
  for (std::uint32_t i = 0; i < data.size(); ++i) {
    double square = 0;
    for (std::uint32_t j = 0; j < dimension; ++j) {
      data.row(i)[j] = centres.row(i % clusters)[j] + spread * data.row(i)[j];
      square += double{data.row(i)[j]} * data.row(i)[j];
    }
    data.row(i)[dimension] = static_cast<float>(1 / std::sqrt(square));
  }
}

template <class Admits>
double recall(const rows& data, const rows& queries, const graph_index& subject, const ask& what,
              Admits admits) {
  std::size_t right = 0;
  std::size_t wanted = 0;
  for (std::uint32_t q = 0; q < queries.size(); ++q) {
    std::vector<double> ranks;
    for (std::uint32_t slot = 0; slot < data.size(); ++slot)
      if (admits(slot)) ranks.push_back(data.rank(queries.row(q), slot));
    const std::size_t k = std::min<std::size_t>(what.k, ranks.size());
    std::nth_element(ranks.begin(), ranks.begin() + (k - 1), ranks.end());
    const auto hits = subject.search(queries.row(q), what);
    REQUIRE(hits.size() == k);
    for (const auto& hit : hits) {
      REQUIRE(admits(hit.slot));
      if (data.rank(queries.row(q), hit.slot) <= ranks[k - 1] + 1e-5) ++right;
    }
    wanted += k;
  }
  return static_cast<double>(right) / static_cast<double>(wanted);
}

bool any(std::uint32_t) { return true; }

}  // namespace

TEST_CASE("walks by codes find what walks by rows find, with true ranks") {
  for (const thespis_metric metric :
       {THESPIS_METRIC_EUCLID, THESPIS_METRIC_COSINE, THESPIS_METRIC_DOT}) {
    INFO("metric " << metric);
    rows data(metric, dimension, count);
    fill_clusters(data, 1, 50, 0.5F);
    rows queries(metric, dimension, 100);
    fill_clusters(queries, 2, 50, 0.5F);
    graph_index plain(data, 12, 100, 42, "none");
    graph_index coded(data, 12, 100, 42);
    plain.insert_range(0, count);
    coded.insert_range(0, count);
    const ask what{10, 60, 0, count};
    const double by_rows = recall(data, queries, plain, what, any);
    CHECK(recall(data, queries, coded, what, any) >= by_rows - 0.02);
    CHECK(coded.bytes() > plain.bytes() + count * dimension);
    for (const auto& hit : coded.search(queries.row(0), what))
      CHECK(hit.rank == Approx(data.rank(queries.row(0), hit.slot)).epsilon(1e-4).margin(1e-4));
    CHECK(coded.maintain().nodes == count);
    CHECK(recall(data, queries, coded, what, any) >= by_rows - 0.02);

    graph_index fast(data, 12, 100, 42, nullptr, THESPIS_PRESET_FAST);
    fast.insert_range(0, count / 2);
    (void)fast.maintain();
    fast.insert_range(count / 2, count);
    CHECK(recall(data, queries, fast, what, any) >= by_rows - 0.02);
    CHECK(fast.bytes() >= plain.bytes() + count * std::uint64_t{dimension} * 5);
    graph_index loaded(data, 12, 100, 42, nullptr, THESPIS_PRESET_FAST);
    REQUIRE(loaded.load(fast.save(), count) == THESPIS_OK);
    CHECK(recall(data, queries, loaded, what, any) >= by_rows - 0.02);
  }
}

TEST_CASE("a query can do without codes, and without rescoring") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  fill_clusters(data, 3, 50, 0.5F);
  graph_index coded(data, 12, 100);
  coded.insert_range(0, count);
  double error = 0;
  for (std::uint32_t q = 0; q < 200; ++q) {
    const auto ignoring =
        coded.search(data.row(q), {10, 60, 0, count, nullptr, nullptr, THESPIS_QUERY_IGNORE_CODES});
    CHECK(ignoring.at(0).slot == q);
    CHECK(ignoring.at(0).rank == 0);
    const auto estimated =
        coded.search(data.row(q), {10, 60, 0, count, nullptr, nullptr, THESPIS_QUERY_NO_RESCORING});
    for (const auto& hit : estimated)
      error += std::fabs(hit.rank - data.rank(data.row(q), hit.slot));
    const auto rescored = coded.search(data.row(q), {10, 60, 0, count, nullptr, nullptr, 0, 3.0F});
    CHECK(rescored.at(0).rank == 0);
  }
  CHECK(error > 0);
  CHECK(error / 2000 < 2);
}

TEST_CASE("maintenance drops the dead and keeps what it was asked to keep") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  fill_clusters(data, 4, 50, 0.5F);
  rows queries(THESPIS_METRIC_EUCLID, dimension, 100);
  fill_clusters(queries, 5, 50, 0.5F);
  graph_index subject(data, 12, 100);
  subject.insert_range(0, count - 500);
  bitmap dead(count);
  for (std::uint32_t slot = 0; slot < count - 500; slot += 3) dead.insert(slot);
  const auto view = dead.view();
  const auto before = subject.bytes();
  const auto report = subject.maintain(&view);
  CHECK(report.dropped == view.cardinality);
  CHECK(report.nodes == count - 500 - view.cardinality);
  CHECK(report.unreachable == report.mended);
  CHECK(subject.bytes() < before);
  subject.insert_range(count - 500, count);
  const auto lives = [&](std::uint32_t slot) { return !dead.contains(slot); };
  CHECK(recall(data, queries, subject, {10, 80, 0, count, &view}, lives) > 0.97);
  // A second one finds nothing dead, but orders what came since.
  CHECK(subject.maintain(&view).dropped == 0);
  CHECK(recall(data, queries, subject, {10, 80, 0, count, &view}, lives) > 0.97);
  CHECK(subject.search(queries.row(0), {count, count, 0, count, &view}).size() ==
        count - view.cardinality);
}

TEST_CASE("maintenance mends what no walk can reach") {
  // Few links and tight clusters far apart: some are cut off.
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  fill_clusters(data, 6, 300, 0.01F);
  graph_index subject(data, 2, 4);
  subject.insert_range(0, count);
  const auto first = subject.maintain();
  CHECK(first.unreachable > 0);
  CHECK(first.mended == first.unreachable);
  CHECK(subject.maintain().unreachable == 0);
}

TEST_CASE("searches go on while maintenance replaces the graph") {
  rows data(THESPIS_METRIC_EUCLID, dimension, count);
  fill_clusters(data, 7, 50, 0.5F);
  graph_index subject(data, 8, 40);
  subject.insert_range(0, count);
  std::atomic<bool> done{false};
  std::atomic<std::uint32_t> missed{0};
  std::atomic<std::uint32_t> asked{0};
  std::vector<std::jthread> threads;
  for (std::uint32_t t = 0; t < 2; ++t) {
    threads.emplace_back([&, t] {
      for (std::uint32_t q = t; !done; q = (q + 11) % count) {
        const auto hits = subject.search(data.row(q), {1, 80, 0, count});
        if (hits.size() != 1 || hits[0].rank != 0) ++missed;
        ++asked;
      }
    });
  }
  for (int i = 0; i < 5; ++i) (void)subject.maintain();
  done = true;
  threads.clear();
  CHECK(missed <= asked / 100 + 1);
}

TEST_CASE("filters cost no recall, whatever they have to do with the query") {
  constexpr std::uint32_t clusters = 40;
  constexpr std::array<double, 6> shares{0.001, 0.01, 0.05, 0.1, 0.5, 0.9};
  constexpr std::uint32_t asked = 40;
  constexpr std::uint32_t k = 10;
  rows data(THESPIS_METRIC_EUCLID, dimension, 3 * count);
  fill_clusters(data, 8, clusters, 0.5F);
  rows queries(THESPIS_METRIC_EUCLID, dimension, asked);
  fill_clusters(queries, 9, clusters, 0.5F);
  graph_index subject(data, 12, 100);
  subject.insert_range(0, data.size());
  (void)subject.maintain();
  std::array<std::array<std::uint32_t, 3>, shares.size()> right{};
  for (std::uint32_t q = 0; q < asked; ++q) {
    std::vector<double> ranks;
    for (std::uint32_t slot = 0; slot < data.size(); ++slot)
      ranks.push_back(data.rank(queries.row(q), slot));
    for (std::uint32_t kind = 0; kind < 3; ++kind) {
      // By chance, the nearest, the farthest.
      std::vector<std::pair<double, std::uint32_t>> order;
      for (std::uint32_t slot = 0; slot < data.size(); ++slot)
        order.emplace_back(
            kind == 0 ? slot * 2654435761u % 1000003 : ranks[slot] * (kind == 1 ? 1 : -1), slot);
      std::sort(order.begin(), order.end());
      for (std::size_t s = 0; s < shares.size(); ++s) {
        bitmap allowed(data.size());
        std::vector<double> admitted;
        for (std::size_t i = 0; i < static_cast<std::size_t>(shares[s] * data.size()); ++i) {
          allowed.insert(order[i].second);
          admitted.push_back(ranks[order[i].second]);
        }
        std::nth_element(admitted.begin(), admitted.begin() + (k - 1), admitted.end());
        const auto view = allowed.view();
        const auto hits = subject.search(queries.row(q), {k, 0, 0, data.size(), nullptr, &view});
        REQUIRE(hits.size() == k);
        for (const auto& hit : hits) {
          REQUIRE(allowed.contains(hit.slot));
          if (ranks[hit.slot] <= admitted[k - 1] + 1e-5) ++right[s][kind];
        }
      }
    }
  }
  for (std::size_t s = 0; s < shares.size(); ++s)
    for (std::uint32_t kind = 0; kind < 3; ++kind) {
      INFO("share " << shares[s] << ", kind " << kind);
      CHECK(right[s][kind] >= 0.98 * asked * k);
    }
}

TEST_CASE("codes are saved with the graph, and damage to them is found") {
  rows data(THESPIS_METRIC_COSINE, dimension, count);
  fill_clusters(data, 10, 50, 0.5F);
  graph_index saved(data, 8, 40);
  saved.insert_range(0, count - 1000);
  (void)saved.maintain();
  const auto bytes = saved.save();
  graph_index loaded(data, 8, 40);
  REQUIRE(loaded.load(bytes, count) == THESPIS_OK);
  CHECK(loaded.save() == bytes);
  CHECK(loaded.bytes() > count * std::uint64_t{dimension} / 2);
  for (std::uint32_t q = 0; q < 500; ++q) {
    const auto expected = saved.search(data.row(q), {10, 20, 0, count});
    const auto found = loaded.search(data.row(q), {10, 20, 0, count});
    for (std::size_t i = 0; i < found.size(); ++i) CHECK(found[i].slot == expected[i].slot);
  }
  loaded.insert_range(count - 1000, count);
  for (std::uint32_t q = count - 1000; q < count; q += 50)
    CHECK(loaded.search(data.row(q), {1, 64, 0, count}).at(0).slot == q);

  graph_index other(data, 8, 40, 42, "none");
  CHECK(other.load(bytes, count) == THESPIS_CORRUPTION);
  for (std::size_t cut = 1; cut < bytes.size(); cut += bytes.size() / 61) {
    graph_index damaged(data, 8, 40);
    CHECK(damaged.load(bytes.substr(0, bytes.size() - cut), count) != THESPIS_OK);
  }
}

TEST_CASE("a quantizer that does not exist is refused") {
  rows data(THESPIS_METRIC_COSINE, dimension, 1);
  CHECK_THROWS(graph_index(data, 8, 40, 42, "nonesuch"));
}

TEST_CASE("the fast preset packs codes of one bit, and what comes later is found beside them") {
  constexpr std::uint32_t wide = 512;
  constexpr std::uint32_t few = 3000;
  for (const thespis_metric metric :
       {THESPIS_METRIC_EUCLID, THESPIS_METRIC_COSINE, THESPIS_METRIC_DOT}) {
    INFO("metric " << metric);
    rows data(metric, wide, few);
    data.fill(11);
    rows queries(metric, wide, 50);
    queries.fill(12);
    graph_index balanced(data, 16, 100, 42, "binary");
    graph_index fast(data, 16, 100, 42, "binary", THESPIS_PRESET_FAST);
    balanced.insert_range(0, few - 500);
    fast.insert_range(0, few - 500);
    (void)balanced.maintain();
    (void)fast.maintain();
    CHECK(fast.bytes() > balanced.bytes() + (few - 500) * std::uint64_t{wide} * 4);
    fast.insert_range(few - 500, few);
    balanced.insert_range(few - 500, few);
    const ask what{10, 200, 0, few};
    const double by_codes = recall(data, queries, balanced, what, any);
    CHECK(recall(data, queries, fast, what, any) >= by_codes - 0.02);
    for (std::uint32_t q = few - 500; q < few; q += 25)
      CHECK(fast.search(data.row(q), {1, 200, 0, few}).at(0).slot == q);
  }
}

TEST_CASE("the default effort grows until hard data is answered well") {
  // Without structure, every vector is about as far from every other.
  rows data(THESPIS_METRIC_EUCLID, dimension, 3 * count);
  data.fill(13);
  rows queries(THESPIS_METRIC_EUCLID, dimension, 50);
  queries.fill(14);
  graph_index subject(data, 8, 60);
  subject.insert_range(0, data.size());
  const double before = recall(data, queries, subject, {10, 0, 0, data.size()}, any);
  (void)subject.maintain();
  const double after = recall(data, queries, subject, {10, 0, 0, data.size()}, any);
  CHECK(after > before + 0.1);
  graph_index loaded(data, 8, 60);
  REQUIRE(loaded.load(subject.save(), data.size()) == THESPIS_OK);
  CHECK(recall(data, queries, loaded, {10, 0, 0, data.size()}, any) == after);
}

TEST_CASE("an index over rows on disk stays small beside them and finds what it should") {
  constexpr std::uint32_t wide = 128;
  rows data(THESPIS_METRIC_EUCLID, wide, count, THESPIS_ARENA_EVICTABLE | THESPIS_ARENA_ON_DISK);
  data.fill(15);
  for (std::uint32_t i = 0; i < count; ++i)  // of few dimensions in truth
    for (std::uint32_t j = 8; j < wide; ++j)
      data.row(i)[j] = data.row(i)[j % 8] * static_cast<float>(j % 5 + 1) / 3 + data.row(i)[j] / 9;
  graph_index subject(data, 16, 100);
  subject.insert_range(0, count - 100);
  (void)subject.maintain();
  // What is kept for searches in progress does not grow with the rows.
  constexpr std::uint64_t scratch_bytes = 100 << 10;
  CHECK((subject.bytes() - scratch_bytes) * 20 <= count * std::uint64_t{wide} * sizeof(float) * 7);
  rows queries(THESPIS_METRIC_EUCLID, wide, 100);
  for (std::uint32_t q = 0; q < 100; ++q)
    std::copy_n(data.row(count - 100 + q), wide, queries.row(q));
  CHECK(recall(data, queries, subject, {10, 0, 0, count - 100},
               [](std::uint32_t slot) { return slot < count - 100; }) >= 0.95);
}
