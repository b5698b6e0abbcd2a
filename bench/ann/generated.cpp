// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <random>

#include "bench/ann/dataset.hpp"

namespace thespis::bench {
namespace {

constexpr std::size_t centres = 100;
constexpr std::size_t inner_columns = 12;
constexpr float noise = 0.05F;

// Random affine maps from few dimensions to all: one a cluster.
struct clusters {
  std::vector<float> centre;  // [centres, columns]
  std::vector<float> basis;   // [centres, inner_columns, columns]

  clusters(std::size_t columns, std::mt19937_64& random)
      : centre(centres * columns), basis(centres * inner_columns * columns) {
    std::normal_distribution<float> normal;
    for (float& value : centre) value = normal(random);
    for (float& value : basis) value = 0.5F * normal(random);
  }
};

matrix draw(const clusters& from, std::size_t rows, std::size_t columns, std::mt19937_64& random) {
  std::normal_distribution<float> normal;
  matrix made{rows, columns, std::vector<float>(rows * columns)};
  for (std::size_t i = 0; i < rows; ++i) {
    const std::size_t which = random() % centres;
    float* const row = made.values.data() + i * columns;
    for (std::size_t j = 0; j < columns; ++j)
      row[j] = from.centre[which * columns + j] + noise * normal(random);
    for (std::size_t inner = 0; inner < inner_columns; ++inner) {
      const float along = normal(random);
      const float* const axis = from.basis.data() + (which * inner_columns + inner) * columns;
      for (std::size_t j = 0; j < columns; ++j) row[j] += along * axis[j];
    }
  }
  return made;
}

}  // namespace

dataset clustered(std::size_t rows, std::size_t queries, std::size_t columns, bool cosine,
                  std::uint64_t seed) {
  std::mt19937_64 random(seed);
  const clusters from(columns, random);
  dataset made;
  made.name = "clustered";
  made.cosine = cosine;
  made.base = draw(from, rows, columns, random);
  made.queries = draw(from, queries, columns, random);
  return made;
}

}  // namespace thespis::bench
