// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "plugins/host/registry.hpp"
#include "tests/support/catch.hpp"

namespace plugins = thespis::plugins;
using plugins::index_query;
using plugins::ranked_slot;
using thespis::distance;
using thespis::slot_bitmap;
using thespis::slot_t;

namespace {

constexpr std::uint32_t seed = 20261120;
constexpr slot_t row_count = 3000;
constexpr std::size_t query_count = 70;

// Alone the plugin answers batches query by query.
std::shared_ptr<plugins::registry> flat_alone() {
  return *plugins::registry::load_file(std::filesystem::path(THESPIS_PLUGIN_FOLDER) /
                                       "index_flat.so");
}

std::shared_ptr<plugins::registry> with_compute() {
  return *plugins::registry::load({{THESPIS_PLUGIN_FOLDER}});
}

struct fixture {
  fixture(distance metric, std::uint32_t columns, float offset) : dimension(columns) {
    std::mt19937 random(seed);
    std::normal_distribution<float> normal;
    rows = *plugins::arena::create(dimension, metric);
    std::vector<float> row(dimension);
    for (slot_t slot = 0; slot < row_count; ++slot) {
      for (auto& value : row) value = offset + normal(random);
      if (slot % 500 == 1) std::fill(row.begin(), row.end(), 0.0F);
      if (slot % 700 == 2) row[0] = 1e15F;
      if (slot % 3 == 0 && slot != 0)  // each third equals the one before it
        row.assign(rows->row(slot - 1), rows->row(slot - 1) + dimension);
      REQUIRE(rows->put(slot, row));
    }
    values.resize(query_count * dimension);
    for (auto& value : values) value = offset + normal(random);
    std::copy_n(rows->row(100), dimension, values.begin());
    std::fill_n(values.begin() + dimension, dimension, 0.0F);
  }

  [[nodiscard]] std::vector<index_query> queries(std::uint32_t k, const slot_bitmap* allowed,
                                                 const slot_bitmap* dead) const {
    std::vector<index_query> made(query_count);
    for (std::size_t q = 0; q < query_count; ++q) {
      made[q].vector = {values.data() + q * dimension, dimension};
      made[q].k = k;
      made[q].allowed = allowed;
      made[q].dead = dead;
      made[q].first_slot = 5;
      made[q].end_slot = row_count - 3;
    }
    return made;
  }

  [[nodiscard]] double rank(const index_query& query, slot_t slot) const {
    const float* row = rows->row(slot);
    double sum = 0, aa = 0, bb = 0;
    for (std::uint32_t i = 0; i < dimension; ++i) {
      const double a = query.vector[i], b = row[i];
      sum += rows->metric() == distance::euclid      ? (a - b) * (a - b)
             : rows->metric() == distance::manhattan ? std::fabs(a - b)
                                                     : -a * b;
      aa += a * a;
      bb += b * b;
    }
    if (rows->metric() != distance::cosine) return sum;
    return aa == 0 || bb == 0 ? 0 : sum / std::sqrt(aa) / std::sqrt(bb);
  }

  std::uint32_t dimension;
  std::shared_ptr<plugins::arena> rows;
  std::vector<float> values;
};

bool same(const std::vector<ranked_slot>& a, const std::vector<ranked_slot>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const ranked_slot& x, const ranked_slot& y) {
                      return x.slot == y.slot && x.rank == y.rank;
                    });
}

slot_bitmap every(slot_t step) {
  slot_bitmap made;
  for (slot_t slot = 0; slot < row_count; slot += step) made.insert(slot);
  return made;
}

// Ranks of an exact answer, in double precision.
void check_exact(const fixture& data, const index_query& query,
                 const std::vector<ranked_slot>& hits) {
  std::vector<double> right;
  double size = 0;
  for (slot_t slot = query.first_slot; slot < query.end_slot; ++slot) {
    if (query.allowed != nullptr && !query.allowed->contains(slot)) continue;
    if (query.dead != nullptr && query.dead->contains(slot)) continue;
    right.push_back(data.rank(query, slot));
  }
  std::sort(right.begin(), right.end());
  REQUIRE(hits.size() == std::min<std::size_t>(query.k, right.size()));
  for (std::size_t i = 0; i < hits.size(); ++i) {
    size = std::max({size, std::fabs(right[i]), 1e-3});
    CHECK(std::fabs(hits[i].rank - right[i]) <= 1e-4 * size);
  }
}

}  // namespace

TEST_CASE("a batch by matrix products answers what its queries alone would") {
  const auto all = with_compute();
  for (const auto metric :
       {distance::cosine, distance::dot, distance::euclid, distance::manhattan}) {
    for (const std::uint32_t dimension : {3u, 96u, 130u}) {
      const fixture data(metric, dimension, 2);
      const auto index = *all->create_index("flat", data.rows, {});
      for (const std::uint32_t k : {1u, 10u, 2000u}) {
        INFO("seed " << seed << ", metric " << thespis::to_string(metric) << ", dimension "
                     << dimension << ", k " << k);
        const auto queries = data.queries(k, nullptr, nullptr);
        std::vector<std::vector<ranked_slot>> together(queries.size());
        REQUIRE(index->search_batch(queries, together));
        for (std::size_t q = 0; q < queries.size(); ++q) {
          std::vector<ranked_slot> alone;
          REQUIRE(index->search(queries[q], alone));
          CHECK(same(alone, together[q]));
        }
        check_exact(data, queries[0], together[0]);
        check_exact(data, queries[5], together[5]);
      }
    }
  }
}

TEST_CASE("a batch answers exactly under filters of every density") {
  const auto all = with_compute();
  const auto dead = every(7);
  for (const auto metric : {distance::cosine, distance::euclid}) {
    const fixture data(metric, 64, 0);
    const auto index = *all->create_index("flat", data.rows, {});
    for (const slot_t step : {1u, 2u, 5u, 9u, 100u, 2999u}) {
      INFO("metric " << thespis::to_string(metric) << ", one in " << step);
      const auto allowed = every(step);
      const auto queries = data.queries(10, &allowed, &dead);
      std::vector<std::vector<ranked_slot>> together(queries.size());
      REQUIRE(index->search_batch(queries, together));
      for (const std::size_t q : {0u, 1u, 33u, 69u}) check_exact(data, queries[q], together[q]);
    }
  }
}

TEST_CASE("a batch without a compute back end answers the same") {
  const fixture data(distance::euclid, 64, 0);
  const auto index = *flat_alone()->create_index("flat", data.rows, {});
  const auto queries = data.queries(10, nullptr, nullptr);
  std::vector<std::vector<ranked_slot>> together(queries.size());
  REQUIRE(index->search_batch(queries, together));
  for (std::size_t q = 0; q < queries.size(); ++q) check_exact(data, queries[q], together[q]);
}

TEST_CASE("of equal ranks the lower slots are answered") {
  const fixture data(distance::euclid, 64, 0);
  const auto index = *with_compute()->create_index("flat", data.rows, {});
  auto query = data.queries(1, nullptr, nullptr)[0];
  query.vector = {data.rows->row(302), data.dimension};  // its double is 303
  std::vector<ranked_slot> hits;
  REQUIRE(index->search(query, hits));
  REQUIRE(hits.size() == 1);
  CHECK(hits[0].slot == 302);
}
