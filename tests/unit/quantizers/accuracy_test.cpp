// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "plugins/contract/quantizer_trial.hpp"
#include "tests/support/catch.hpp"

using namespace thespis;
using namespace thespis::plugins;

namespace {

constexpr std::uint32_t row_count = 500;
constexpr std::uint32_t query_count = 10;
constexpr std::uint64_t seed = 20260305;

std::filesystem::path file_of(const std::string& name) {
  return std::filesystem::path(THESPIS_PLUGIN_FOLDER) / ("quantizer_" + name + ".so");
}

struct data_set {
  std::string name;
  test_vectors rows;
  test_vectors queries;
};

test_vectors gaussian(std::uint32_t dimension, std::uint32_t count) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> spread;
  test_vectors made{dimension, std::vector<float>(std::size_t{count} * dimension)};
  for (auto& value : made.values) value = spread(random);
  return made;
}

// Pictures of one blot each: no component is negative, most are zero, some are 255.
test_vectors pixels(std::uint32_t dimension, std::uint32_t count) {
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<float> uniform(0, 1);
  test_vectors made{dimension, std::vector<float>(std::size_t{count} * dimension)};
  const auto width = static_cast<float>(dimension);
  for (std::uint32_t i = 0; i < count; ++i) {
    const float middle = uniform(random) * width;
    const float size = (0.05F + 0.3F * uniform(random)) * width;
    for (std::uint32_t d = 0; d < dimension; ++d) {
      const float away = std::abs(static_cast<float>(d) - middle) / size;
      const float light = 400 * std::max(0.0F, 1 - away) * (0.5F + uniform(random));
      made.values[std::size_t{i} * dimension + d] = std::min(255.0F, std::floor(light));
    }
  }
  return made;
}

data_set split(std::string name, test_vectors all) {
  data_set made{std::move(name), {all.dimension, {}}, {all.dimension, {}}};
  const auto cut = all.values.begin() + std::ptrdiff_t{row_count} * all.dimension;
  made.rows.values.assign(all.values.begin(), cut);
  made.queries.values.assign(cut, all.values.end());
  return made;
}

std::vector<data_set> data_sets(std::uint32_t dimension) {
  constexpr auto count = row_count + query_count;
  std::vector<data_set> made;
  made.push_back(split("gaussian", gaussian(dimension, count)));
  made.push_back(split("clustered", clustered(dimension, count, seed)));
  made.push_back(split("pixels", pixels(dimension, count)));
  return made;
}

struct agreements {
  agreement coarse, fine, compared, block;
};

void add(agreement& to, const quantizer_trial& trial, std::span<const float> vector,
         const std::vector<float>& ranks) {
  for (std::size_t i = 0; i < ranks.size(); ++i)
    to.add(ranks[i], reference_rank(trial.metric, vector, trial.rows.row(i)));
}

void add_block(agreement& to, const quantizer_trial& trial, std::span<const float> vector,
               const guarded_parts& query, std::size_t center) {
  std::vector<std::size_t> members(trial.layout.block_rows);
  std::iota(members.begin(), members.end(), center);
  const auto block = trial.pack(center, members);
  const auto known = reference_rank(trial.metric, vector, trial.rows.row(center));
  const auto ranks = trial.estimate_block(query, block, static_cast<float>(known));
  for (std::size_t i = 0; i < members.size(); ++i)
    to.add(ranks[i], reference_rank(trial.metric, vector, trial.rows.row(members[i])));
}

agreements measure(const std::string& plugin, distance metric, const data_set& data,
                   std::uint32_t bits) {
  auto trial = quantizer_trial::make(file_of(plugin), metric, data.rows.dimension, bits);
  REQUIRE(trial);
  REQUIRE((*trial)->fill(data.rows));
  agreements all;
  for (std::size_t q = 0; q < data.queries.count(); ++q) {
    const auto vector = data.queries.row(q);
    const auto query = (*trial)->prepare(vector);
    add(all.coarse, **trial, vector, (*trial)->estimate(query, 0, row_count));
    if ((*trial)->refines()) add(all.fine, **trial, vector, (*trial)->refine(query));
    if ((*trial)->packs()) add_block(all.block, **trial, vector, query, 40 * q);
    add(all.compared, **trial, (*trial)->rows.row(q), (*trial)->compare(q));
  }
  return all;
}

constexpr distance coded_metrics[] = {distance::cosine, distance::dot, distance::euclid};

// Calls body(metric, data) for all of them, with odd dimensions among them.
template <class Body>
void for_all(Body body) {
  for (const std::uint32_t dimension : {100u, 127u, 784u})
    for (const auto& data : data_sets(dimension))
      for (const auto metric : coded_metrics) {
        INFO(to_string(metric) << ", " << data.name << ", dimension " << dimension << ", seed "
                               << seed);
        body(metric, data);
      }
}

// Of r and y whose angle is random, the rank has a standard deviation of |r| |y| / sqrt(dimension)
// and the error of b bits that times what the grid misses: so what can be asked of every data set
// is a share of the standard deviation of its ranks.
void check_estimates(const agreement& of, double error_max) {
  CHECK(of.error() <= error_max);
  CHECK(std::abs(of.lean()) <= error_max / 10);
}

}  // namespace

TEST_CASE("8 bits are within 2 percent of the spread of ranks") {
  for_all([](distance metric, const data_set& data) {
    const auto found = measure("sq8", metric, data, 0);
    check_estimates(found.coarse, 0.02);
    check_estimates(found.compared, 0.02);
  });
}

TEST_CASE("4 bits are within 15 percent, and 8 again when refined") {
  for_all([](distance metric, const data_set& data) {
    const auto found = measure("sq4", metric, data, 0);
    check_estimates(found.coarse, 0.15);
    check_estimates(found.fine, 0.02);
    check_estimates(found.compared, 0.02);
  });
}

TEST_CASE("4 bits without a refinement are what they are with one") {
  for_all([](distance metric, const data_set& data) {
    const auto found = measure("sq4", metric, data, 4);
    check_estimates(found.coarse, 0.15);
    check_estimates(found.compared, 0.2);
  });
  auto made = quantizer_trial::make(file_of("sq4"), distance::euclid, 100, 4);
  REQUIRE(made);
  CHECK_FALSE((*made)->refines());
  CHECK((*made)->table().refine == nullptr);
  REQUIRE((*made)->fill(clustered(100, 20, seed)));
  for (std::size_t i = 0; i < 20; ++i)
    for (std::size_t j = 0; j < i; ++j) {
      const auto there = (*made)->compare(i)[j];
      CHECK((*made)->compare(j)[i] == Approx(there).epsilon(1e-4));
    }
}

TEST_CASE("1 bit follows the ranks, alone and in blocks, and each bit more halves the error") {
  for_all([](distance metric, const data_set& data) {
    double last = 0;
    for (std::uint32_t bits = 1; bits <= 4; ++bits) {
      INFO("bits " << bits);
      const auto found = measure("binary", metric, data, bits);
      CHECK(found.coarse.error() <= 0.9);
      CHECK(std::abs(found.coarse.lean()) <= 0.05);
      // Neighbours of no likeness lie twice as far from each other as from the mean.
      CHECK(found.block.error() <= 1.6);
      if (bits > 1) CHECK(found.fine.error() < 0.7 * last);
      last = bits > 1 ? found.fine.error() : found.coarse.error();
    }
  });
}

TEST_CASE("the rank of a zero vector by its cosine is about nothing") {
  for (const auto* plugin : {"sq8", "sq4", "binary"}) {
    constexpr std::uint32_t dimension = 200;
    auto data = split("clustered", clustered(dimension, row_count + query_count, seed));
    std::fill_n(data.rows.values.begin(), dimension, 0.0F);
    auto trial = quantizer_trial::make(file_of(plugin), distance::cosine, dimension);
    REQUIRE(trial);
    REQUIRE((*trial)->fill(data.rows));
    INFO(plugin);
    const auto query = (*trial)->prepare(data.queries.row(0));
    CHECK(std::abs((*trial)->estimate(query, 0, 1)[0]) < 0.1F);
    // A query of nothing is exactly as far from everything.
    const std::vector<float> nothing(dimension);
    for (const float rank : (*trial)->estimate((*trial)->prepare(nothing), 0, row_count))
      CHECK(rank == 0);
  }
}

TEST_CASE("data that all lies at its mean has exact ranks") {
  for (const auto* plugin : {"sq8", "sq4", "binary"})
    for (const auto metric : coded_metrics) {
      INFO(plugin << " " << to_string(metric));
      constexpr std::uint32_t dimension = 48;
      const auto one = clustered(dimension, 1, seed);
      test_vectors rows{dimension, {}};
      for (int i = 0; i < 20; ++i)
        rows.values.insert(rows.values.end(), one.values.begin(), one.values.end());
      auto trial = quantizer_trial::make(file_of(plugin), metric, dimension);
      REQUIRE(trial);
      REQUIRE((*trial)->fill(rows));
      const auto other = clustered(dimension, 1, seed + 1);
      const auto ranks = (*trial)->estimate((*trial)->prepare(other.row(0)), 0, 20);
      const double right = reference_rank(metric, other.row(0), rows.row(0));
      for (const float rank : ranks)
        CHECK(std::abs(rank - right) <= rank_tolerance(metric, other.row(0), rows.row(0)));
    }
}

TEST_CASE("the longest vectors have codes, and blocks where there are any") {
  constexpr std::uint32_t longest = 65535;
  const auto rows = clustered(longest, 40, seed);
  for (const auto* plugin : {"sq8", "sq4", "binary"})
    for (const auto metric : coded_metrics) {
      INFO(plugin << " " << to_string(metric));
      auto trial = quantizer_trial::make(file_of(plugin), metric, longest);
      REQUIRE(trial);
      REQUIRE((*trial)->fill(rows));
      agreement coarse, block;
      for (std::size_t q = 0; q < 3; ++q) {
        const auto query = (*trial)->prepare(rows.row(q));
        add(coarse, **trial, rows.row(q), (*trial)->estimate(query, 0, rows.count()));
        if ((*trial)->packs()) add_block(block, **trial, rows.row(q), query, 2 * q);
      }
      CHECK(coarse.error() < 0.05);
      if ((*trial)->packs()) CHECK(block.error() < 0.05);
    }
}

TEST_CASE("what overflows in a code does not spoil a rank that is finite") {
  for (const auto* plugin : {"sq8", "sq4", "binary"}) {
    auto rows = clustered(64, 30, seed);
    for (auto& value : rows.values) value *= 1e25F;
    auto queries = clustered(64, 3, seed + 1);
    for (auto& value : queries.values) value *= 1e-10F;
    auto trial = quantizer_trial::make(file_of(plugin), distance::dot, 64);
    REQUIRE(trial);
    REQUIRE((*trial)->fill(rows));
    INFO(plugin);
    for (std::size_t q = 0; q < queries.count(); ++q)
      for (const float rank : (*trial)->estimate((*trial)->prepare(queries.row(q)), 0, 30))
        CHECK(std::isfinite(rank));
  }
}

TEST_CASE("what a quantizer cannot do is refused") {
  for (const auto* plugin : {"sq8", "sq4", "binary"}) {
    INFO(plugin);
    const auto manhattan = quantizer_trial::make(file_of(plugin), distance::manhattan, 8);
    REQUIRE_FALSE(manhattan);
    CHECK(manhattan.error().code == errc::unsupported);
    const auto wide = quantizer_trial::make(file_of(plugin), distance::euclid, 8, 9);
    REQUIRE_FALSE(wide);
    CHECK(wide.error().code == errc::unsupported);
    const auto empty = quantizer_trial::make(file_of(plugin), distance::euclid, 0);
    REQUIRE_FALSE(empty);
    CHECK(empty.error().code == errc::invalid_argument);
    const auto long_rows = quantizer_trial::make(file_of(plugin), distance::euclid, 65536);
    REQUIRE_FALSE(long_rows);
    CHECK(long_rows.error().code == errc::invalid_argument);
  }
  const auto bits = quantizer_trial::make(file_of("binary"), distance::euclid, 8, 5);
  CHECK_FALSE(bits);
}

TEST_CASE("a saved quantizer of other bits or another metric is refused") {
  auto one = quantizer_trial::make(file_of("binary"), distance::euclid, 24, 2);
  REQUIRE(one);
  REQUIRE((*one)->train(clustered(24, 50, seed)));
  const auto bytes = (*one)->saved();
  REQUIRE(bytes);
  thespis_failure reason{};
  auto bits = quantizer_trial::make(file_of("binary"), distance::euclid, 24, 3);
  CHECK((*bits)->load(*bytes, bytes->size(), reason) == THESPIS_CORRUPTION);
  auto metric = quantizer_trial::make(file_of("binary"), distance::dot, 24, 2);
  CHECK((*metric)->load(*bytes, bytes->size(), reason) == THESPIS_CORRUPTION);
  auto same = quantizer_trial::make(file_of("binary"), distance::euclid, 24, 2);
  CHECK((*same)->load(*bytes, bytes->size(), reason) == THESPIS_OK);
}
