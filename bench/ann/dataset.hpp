// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace thespis::bench {

/// Rows of float32 without gaps.
struct matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<float> values;

  [[nodiscard]] const float* row(std::size_t i) const { return values.data() + i * columns; }
};

/// Row numbers without gaps.
struct id_matrix {
  std::size_t rows = 0;
  std::size_t columns = 0;
  std::vector<std::uint32_t> values;
};

/// What to measure on: base vectors, queries and their metric.
struct dataset {
  std::string name;
  bool cosine = false;  ///< Else squared Euclidean.
  matrix base;
  matrix queries;
  /// Rank of each query's k-th nearest base vector: a hit at or below it is a true neighbour.
  std::vector<double> kth_rank;
};

/// Reads `.gz` or plain IDX images, or `.u8bin`, `.f16bin`, `.fbin`, as the name says.
/// Errors: throws std::runtime_error naming the file.
[[nodiscard]] matrix read_matrix(const std::string& path, std::size_t rows_max);

/// Reads row numbers from an `.ibin` file: the first `rows_max` rows of it.
/// Errors: throws std::runtime_error naming the file.
[[nodiscard]] id_matrix read_ids(const std::string& path, std::size_t rows_max);

/// Points in clusters that fill 12 of their dimensions and little of the others, as embeddings do;
/// reproducible from `seed`. Queries are drawn alike.
[[nodiscard]] dataset clustered(std::size_t rows, std::size_t queries, std::size_t columns,
                                bool cosine, std::uint64_t seed);

/// Rank of one pair in double precision.
[[nodiscard]] double exact_rank(const dataset& data, std::size_t query, std::size_t row);

/// A copy of a row, for cosine scaled to length 1: for libraries that know the dot product only.
[[nodiscard]] std::vector<float> unit_row(const float* from, std::size_t columns, bool cosine);

}  // namespace thespis::bench
