// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <vector>

#include "storage/fields/sparse_index.hpp"

namespace thespis::tests {

/// A sparse vector.
struct sparse_vector {
  std::vector<std::uint32_t> indices;
  std::vector<float> values;
};

/// What random vectors are like.
struct sparse_shape {
  std::uint32_t dimensions = 300;
  std::uint32_t values_max = 40;
  bool negative = false;
  bool coarse = false;  ///< Few different values, so that scores are equal and zero often.
};

/// Draws vectors whose dimensions have frequencies after Zipf.
class sparse_source {
 public:
  explicit sparse_source(std::uint32_t seed) : random_(seed) {}

  sparse_vector draw(const sparse_shape& shape) {
    std::map<std::uint32_t, float> drawn;
    const auto count = below(shape.values_max + 1);
    for (std::uint32_t at = 0; at < count; ++at) {
      const auto rank = std::pow(static_cast<double>(shape.dimensions), unit()) - 1;
      // Spread over all that an index can be.
      const auto dimension = static_cast<std::uint32_t>(rank) * 14'000'001u;
      drawn[dimension] = value(shape);
    }
    sparse_vector made;
    for (const auto& [dimension, value] : drawn) {
      made.indices.push_back(dimension);
      made.values.push_back(value);
    }
    return made;
  }

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_() % end); }
  double unit() { return static_cast<double>(random_()) * 0x1p-32; }

 private:
  float value(const sparse_shape& shape) {
    const float sign = shape.negative && below(2) == 0 ? -1.0F : 1.0F;
    if (shape.coarse) return sign * static_cast<float>(below(3));
    return sign * static_cast<float>(unit());
  }

  std::mt19937 random_;
};

/// Points in a map, and every search over all of them.
class sparse_model {
 public:
  void insert(slot_t slot, sparse_vector vector) { points_[slot] = std::move(vector); }

  [[nodiscard]] const std::map<slot_t, sparse_vector>& points() const { return points_; }

  [[nodiscard]] std::vector<fields::sparse_hit> search(const fields::sparse_query& query) const {
    std::vector<double> weights(query.values.begin(), query.values.end());
    if (query.idf) weigh(query, weights);
    std::vector<fields::sparse_hit> hits;
    for (const auto& [slot, vector] : points_) {
      if (!live(query, slot)) continue;
      if (query.allowed != nullptr && !query.allowed->contains(slot)) continue;
      double sum = 0;
      bool hit = false;
      for (std::size_t at = 0; at < query.indices.size(); ++at)
        if (const float* value = find(vector, query.indices[at])) {
          hit = true;
          sum += weights[at] * static_cast<double>(*value);
        }
      if (hit) hits.push_back({slot, static_cast<float>(sum)});
    }
    std::stable_sort(hits.begin(), hits.end(),
                     [](const auto& a, const auto& b) { return a.score > b.score; });
    if (hits.size() > query.k) hits.resize(query.k);
    return hits;
  }

 private:
  static const float* find(const sparse_vector& in, std::uint32_t dimension) {
    const auto at = std::find(in.indices.begin(), in.indices.end(), dimension);
    return at == in.indices.end() ? nullptr : &in.values[at - in.indices.begin()];
  }
  static bool live(const fields::sparse_query& query, slot_t slot) {
    return slot < query.end_slot && (query.dead == nullptr || !query.dead->contains(slot));
  }
  void weigh(const fields::sparse_query& query, std::vector<double>& weights) const {
    double n = 0;
    std::vector<double> df(weights.size());
    for (const auto& [slot, vector] : points_) {
      if (!live(query, slot)) continue;
      ++n;
      for (std::size_t at = 0; at < weights.size(); ++at)
        df[at] += find(vector, query.indices[at]) != nullptr;
    }
    for (std::size_t at = 0; at < weights.size(); ++at)
      weights[at] *= std::log((n - df[at] + 0.5) / (df[at] + 0.5) + 1);
  }

  std::map<slot_t, sparse_vector> points_;
};

/// A query without restrictions.
inline fields::sparse_query query_of(const sparse_vector& vector, std::size_t k) {
  fields::sparse_query query;
  query.indices = vector.indices;
  query.values = vector.values;
  query.k = k;
  query.end_slot = no_slot;
  return query;
}

}  // namespace thespis::tests
