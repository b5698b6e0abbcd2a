// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "core/distance.hpp"
#include "core/point.hpp"

namespace thespis::tests {

/// A multivector of random rows.
inline named_vector random_rows(std::mt19937& random, std::uint64_t rows, std::uint32_t size,
                                std::string name = {}) {
  std::normal_distribution<float> normal;
  named_vector made;
  made.name = std::move(name);
  made.shape = vector_shape::multivector;
  made.size = size;
  for (std::uint64_t i = 0; i < rows * size; ++i) made.values.push_back(normal(random));
  return made;
}

/// Similarity of two rows as the dialect has it: for Euclid minus the squared distance.
inline double similarity(distance metric, const float* a, const float* b, std::uint32_t size) {
  double dot = 0;
  double squares_a = 0;
  double squares_b = 0;
  double euclid = 0;
  double manhattan = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const double x = a[i];
    const double y = b[i];
    dot += x * y;
    squares_a += x * x;
    squares_b += y * y;
    euclid += (x - y) * (x - y);
    manhattan += std::abs(x - y);
  }
  switch (metric) {
    case distance::cosine: return dot / std::sqrt(squares_a * squares_b);
    case distance::dot: return dot;
    case distance::euclid: return -euclid;
    case distance::manhattan: return -manhattan;
  }
  return 0;
}

/// The score of a point: every row of the query with the most similar one of the point.
inline double max_sim(distance metric, const named_vector& query, const named_vector& point,
                      std::uint32_t size) {
  double sum = 0;
  for (std::size_t q = 0; q < query.values.size(); q += size) {
    double best = -1e300;
    for (std::size_t r = 0; r < point.values.size(); r += size)
      best = std::max(best, similarity(metric, &query.values[q], &point.values[r], size));
    sum += best;
  }
  if (metric == distance::euclid) return std::sqrt(std::abs(sum));
  return metric == distance::manhattan ? std::abs(sum) : sum;
}

}  // namespace thespis::tests
