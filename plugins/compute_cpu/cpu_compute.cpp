// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/compute_cpu/cpu_compute.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

#include "plugins/kernels/distance.hpp"

namespace thespis::compute_cpu {
namespace {

// Rows and queries are taken in blocks: their ranks stay in the cache until they are finished.
constexpr std::size_t block_rows = 512;
constexpr std::size_t block_queries = 256;
// Without products, a block of rows itself has to stay there for the next query.
constexpr std::size_t block_row_floats = std::size_t{64} << 10;
// Below so many queries the rows are read as fast as memory gives them anyway.
constexpr std::size_t product_queries_min = 8;
// |q|^2 + |r|^2 - 2 q.r loses what a near pair is about: below this share of the squares the
// distance is computed directly.
constexpr float near_share = 1.0F / 64;

kernels::metric kernel_metric(thespis_metric metric) {
  if (metric == THESPIS_METRIC_EUCLID) return kernels::metric::l2_squared;
  if (metric == THESPIS_METRIC_MANHATTAN) return kernels::metric::l1;
  return kernels::metric::dot;
}

// One task, with what its blocks share.
class ranking {
 public:
  ranking(const thespis_ranks_task& task, const blas* library)
      : task_(task),
        row_values_(static_cast<const float*>(task.rows)),
        row_stride_(task.row_stride_bytes / sizeof(float)),
        blas_(library),
        kernel_(kernels::kernels_for(kernel_metric(task.metric), task.dimension)),
        dot_(kernels::kernels_for(kernels::metric::dot, task.dimension).one),
        query_terms_(task.query_count, 1.0F) {
    constexpr auto int_max = static_cast<std::uint64_t>(std::numeric_limits<int>::max());
    by_products_ = library != nullptr && task.metric != THESPIS_METRIC_MANHATTAN &&
                   task.query_count >= product_queries_min && row_stride_ <= int_max &&
                   task.row_count <= int_max;
    for (std::size_t q = 0; q < task.query_count; ++q) query_terms_[q] = term_of(query(q));
  }

  void run() {
    const std::size_t block =
        by_products_ ? block_rows
                     : std::clamp<std::size_t>(block_row_floats / task_.dimension, 4, block_rows);
    for (std::size_t row = 0; row < task_.row_count; row += block) {
      const std::size_t count = std::min<std::size_t>(block, task_.row_count - row);
      for (std::size_t i = 0; i < count; ++i) {
        rows_[i] = row_values_ + (row + i) * row_stride_;
        row_terms_[i] = term_of_row(row + i, rows_[i]);
      }
      for (std::size_t q = 0; q < task_.query_count; q += block_queries) {
        const auto queries = std::min<std::size_t>(block_queries, task_.query_count - q);
        if (by_products_) {
          multiply(q, queries, row, count);
        } else {
          compare(q, queries, row, count);
        }
      }
    }
  }

 private:
  [[nodiscard]] const float* query(std::size_t q) const {
    return task_.queries + q * task_.dimension;
  }
  [[nodiscard]] float* out(std::size_t q, std::size_t row) const {
    return task_.ranks + q * task_.row_count + row;
  }

  // What a rank needs of one side alone: the inverse norm, or the square of the norm.
  [[nodiscard]] float term_of(const float* vector) const {
    if (task_.metric == THESPIS_METRIC_COSINE)
      return kernels::inverse_norm(vector, task_.dimension);
    if (task_.metric == THESPIS_METRIC_EUCLID && by_products_)
      return dot_(vector, vector, task_.dimension);
    return 1;
  }
  [[nodiscard]] float term_of_row(std::size_t row, const float* vector) const {
    if (task_.metric == THESPIS_METRIC_COSINE && task_.row_inverse_norms != nullptr)
      return task_.row_inverse_norms[row * row_stride_];
    return term_of(vector);
  }

  void compare(std::size_t q, std::size_t queries, std::size_t row, std::size_t count) const {
    for (const std::size_t end = q + queries; q < end; ++q) {
      float* ranks = out(q, row);
      kernel_.many(query(q), rows_.data(), count, task_.dimension, ranks);
      if (task_.metric == THESPIS_METRIC_COSINE) {
        for (std::size_t i = 0; i < count; ++i)
          ranks[i] = -(ranks[i] * query_terms_[q] * row_terms_[i]);
      } else if (task_.metric == THESPIS_METRIC_DOT) {
        for (std::size_t i = 0; i < count; ++i) ranks[i] = -ranks[i];
      }
    }
  }

  void multiply(std::size_t q, std::size_t queries, std::size_t row, std::size_t count) const {
    const float factor = task_.metric == THESPIS_METRIC_EUCLID ? -2.0F : -1.0F;
    blas_->products(queries, count, task_.dimension, factor, query(q), rows_[0], row_stride_,
                    out(q, row), task_.row_count);
    for (const std::size_t end = q + queries; q < end; ++q) {
      float* ranks = out(q, row);
      if (task_.metric == THESPIS_METRIC_COSINE) {
        // One after the other: the product of two inverse norms may exceed a float.
        for (std::size_t i = 0; i < count; ++i)
          ranks[i] = ranks[i] * query_terms_[q] * row_terms_[i];
      } else if (task_.metric == THESPIS_METRIC_EUCLID) {
        add_squares(q, count, ranks);
      }
    }
  }

  void add_squares(std::size_t q, std::size_t count, float* ranks) const {
    std::size_t near = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const float squares = query_terms_[q] + row_terms_[i];
      ranks[i] += squares;
      near += is_near(ranks[i], squares) ? 1 : 0;
    }
    for (std::size_t i = 0; near != 0; ++i) {
      if (!is_near(ranks[i], query_terms_[q] + row_terms_[i])) continue;
      ranks[i] = kernel_.one(query(q), rows_[i], task_.dimension);
      --near;
    }
  }

  // Written so that a sum that overflowed is done again as well.
  static bool is_near(float rank, float squares) { return !(rank > near_share * squares); }

  const thespis_ranks_task& task_;
  const float* row_values_;
  std::size_t row_stride_;  // Units: floats.
  const blas* blas_;
  kernels::distance_kernels kernel_;
  kernels::one_fn dot_;
  bool by_products_ = false;
  std::vector<float> query_terms_;
  std::array<const float*, block_rows> rows_{};
  std::array<float, block_rows> row_terms_{};
};

std::string lower(std::string text) {
  for (char& letter : text)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return text;
}

}  // namespace

cpu_compute::cpu_compute(const plugin::services& /*host*/)
    : blas_(blas::loaded()),
      target_("cpu " + lower(kernels::active_target()) + (blas_ != nullptr ? " openblas" : "")) {}

void cpu_compute::ranks(const thespis_ranks_task& task) const { ranking(task, blas_).run(); }

}  // namespace thespis::compute_cpu
