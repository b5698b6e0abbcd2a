// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cmath>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "plugins/host/registry.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;

namespace {

constexpr distance all_metrics[] = {distance::cosine, distance::dot, distance::euclid,
                                    distance::manhattan};
constexpr std::uint32_t seed = 20260103;

bool is_set(const char* name) { return std::getenv(name) != nullptr; }
// As the test began, before the library was loaded.
const bool core_was_set = is_set("OPENBLAS_CORETYPE");
const bool threads_were_set = is_set("OPENBLAS_NUM_THREADS");

std::shared_ptr<plugins::compute> subject() {
  static const auto loaded = plugins::registry::load_file(THESPIS_PLUGIN_FILE);
  REQUIRE(loaded);
  const auto made = (*loaded)->create_compute("cpu");
  REQUIRE(made);
  return *made;
}

// Rows around `centre`, so far from the origin as that is, and `spread` apart.
std::vector<float> around(float centre, float spread, std::size_t count) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(centre, spread);
  std::vector<float> values(count);
  for (float& value : values) value = normal(random);
  return values;
}

double rank_of(distance metric, const float* a, const float* b, std::size_t dimension) {
  double sum = 0;
  double aa = 0;
  double bb = 0;
  for (std::size_t i = 0; i < dimension; ++i) {
    const double x = a[i];
    const double y = b[i];
    aa += x * x;
    bb += y * y;
    if (metric == distance::euclid) {
      sum += (x - y) * (x - y);
    } else if (metric == distance::manhattan) {
      sum += std::fabs(x - y);
    } else {
      sum -= x * y;
    }
  }
  if (metric != distance::cosine) return sum;
  return aa == 0 || bb == 0 ? 0 : sum / std::sqrt(aa * bb);
}

}  // namespace

TEST_CASE("many queries at once agree with double precision across all blocks") {
  constexpr std::uint32_t dimension = 100;
  constexpr std::size_t stride = 112;
  constexpr std::size_t rows_count = 1100;
  const auto rows = around(0.2F, 1, rows_count * stride);
  for (const std::size_t queries_count : {1, 7, 8, 300}) {
    const auto queries = around(0, 1, queries_count * dimension);
    for (const distance metric : all_metrics) {
      INFO(to_string(metric) << " of " << queries_count << " queries, seed " << seed);
      std::vector<float> ranks(queries_count * rows_count, 7);
      REQUIRE(subject()->ranks(metric, dimension, queries, rows.data(), stride, rows_count, ranks));
      double worst = 0;
      for (std::size_t q = 0; q < queries_count; ++q) {
        for (std::size_t r = 0; r < rows_count; ++r) {
          const double expected =
              rank_of(metric, queries.data() + q * dimension, rows.data() + r * stride, dimension);
          worst = std::max(worst, std::fabs(ranks[q * rows_count + r] - expected));
        }
      }
      // Sums of a hundred terms of about one.
      CHECK(worst < (metric == distance::cosine ? 1e-5 : 1e-3));
    }
  }
}

TEST_CASE("near rows far from the origin keep their distance in a batch") {
  constexpr std::uint32_t dimension = 64;
  constexpr std::size_t queries_count = 20;
  constexpr std::size_t rows_count = 600;
  const auto queries = around(1000, 0.01F, queries_count * dimension);
  auto rows = around(1000, 0.01F, rows_count * dimension);
  std::copy(queries.begin(), queries.begin() + dimension, rows.begin());
  std::vector<float> ranks(queries_count * rows_count);
  REQUIRE(subject()->ranks(distance::euclid, dimension, queries, rows.data(), dimension, rows_count,
                           ranks));
  CHECK(ranks[0] == 0);
  for (std::size_t q = 0; q < queries_count; ++q) {
    for (std::size_t r = 0; r < rows_count; ++r) {
      const double expected = rank_of(distance::euclid, queries.data() + q * dimension,
                                      rows.data() + r * dimension, dimension);
      const double got = ranks[q * rows_count + r];
      REQUIRE(got == Approx(expected).epsilon(1e-4).margin(1e-12));
    }
  }
}

TEST_CASE("a zero vector has cosine rank 0 to everything, in a batch or alone") {
  constexpr std::uint32_t dimension = 33;
  constexpr std::size_t rows_count = 10;
  auto rows = around(0, 1, rows_count * dimension);
  std::fill(rows.begin(), rows.begin() + dimension, 0.0F);
  for (const std::size_t queries_count : {1, 8}) {
    auto queries = around(1, 1, queries_count * dimension);
    std::fill(queries.end() - dimension, queries.end(), 0.0F);
    std::vector<float> ranks(queries_count * rows_count, 7);
    REQUIRE(subject()->ranks(distance::cosine, dimension, queries, rows.data(), dimension,
                             rows_count, ranks));
    for (std::size_t q = 0; q < queries_count; ++q) CHECK(ranks[q * rows_count] == 0);
    for (std::size_t r = 0; r < rows_count; ++r)
      CHECK(ranks[(queries_count - 1) * rows_count + r] == 0);
  }
}

TEST_CASE("loading the library leaves the environment as it was") {
  REQUIRE(subject()->target().starts_with("cpu "));
  CHECK(is_set("OPENBLAS_CORETYPE") == core_was_set);
  CHECK(is_set("OPENBLAS_NUM_THREADS") == threads_were_set);
}
