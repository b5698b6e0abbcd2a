// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/contract/reference.hpp"

#include <algorithm>
#include <cmath>
#include <random>

namespace thespis::plugins {
namespace {

constexpr std::uint32_t clusters = 16;

double norm(std::span<const float> a) noexcept {
  double sum = 0;
  for (const double value : a) sum += value * value;
  return std::sqrt(sum);
}

}  // namespace

test_vectors clustered(std::uint32_t dimension, std::uint32_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> spread;
  test_vectors centres{dimension, std::vector<float>(std::size_t{clusters} * dimension)};
  for (auto& value : centres.values) value = spread(random);
  test_vectors made{dimension, std::vector<float>(std::size_t{count} * dimension)};
  for (std::uint32_t i = 0; i < count; ++i) {
    const auto centre = centres.row(random() % clusters);
    for (std::uint32_t d = 0; d < dimension; ++d)
      made.values[std::size_t{i} * dimension + d] = centre[d] + 0.5f * spread(random);
  }
  return made;
}

double reference_rank(distance metric, std::span<const float> a,
                      std::span<const float> b) noexcept {
  double dot = 0;
  double squares = 0;
  double absolute = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double x = a[i];
    const double y = b[i];
    dot += x * y;
    squares += (x - y) * (x - y);
    absolute += std::abs(x - y);
  }
  switch (metric) {
    case distance::cosine: {
      const double length = norm(a) * norm(b);
      return length > 0 ? -dot / length : 0;
    }
    case distance::dot: return -dot;
    case distance::euclid: return squares;
    case distance::manhattan: return absolute;
  }
  return 0;
}

double rank_tolerance(distance metric, std::span<const float> a,
                      std::span<const float> b) noexcept {
  constexpr double relative = 2e-5;
  const double x = norm(a);
  const double y = norm(b);
  switch (metric) {
    case distance::cosine: return relative;
    case distance::dot: return relative * x * y + 1e-12;
    case distance::euclid: return relative * (x * x + y * y) + 1e-12;
    case distance::manhattan:
      return relative * (x + y) * std::sqrt(static_cast<double>(a.size())) + 1e-12;
  }
  return 0;
}

std::vector<double> nearest_ranks(distance metric, const test_vectors& rows,
                                  std::span<const slot_t> slots, std::span<const float> query,
                                  std::size_t k) {
  std::vector<double> ranks;
  for (const auto slot : slots) ranks.push_back(reference_rank(metric, rows.row(slot), query));
  std::sort(ranks.begin(), ranks.end());
  if (ranks.size() > k) ranks.resize(k);
  return ranks;
}

}  // namespace thespis::plugins
