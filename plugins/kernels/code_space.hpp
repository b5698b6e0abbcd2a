// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/quantizer.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <thespis/plugin/plugin.hpp>
#include <vector>

#include "plugins/kernels/code_kernels.hpp"
#include "plugins/kernels/distance.hpp"
#include "plugins/kernels/rotation.hpp"

namespace thespis::kernels {

/// Where vectors are coded: centred at the mean of the data and rotated, so that the components of
/// what is coded are alike. Vectors of unit length stand for those compared by their cosine. With
/// m the mean, y = R(x - m) a vector and r = R(q - a m) a query in this space, the rank is
/// - |r|^2 + |y|^2 - 2<r, y> for the Euclidean distance, where a = 1;
/// - -(<q, m> + a <m, y> + <r, y>) for dot product and cosine, where a makes r as short as it can
///   be. `norm` is the term of y alone, without a: |y|^2 or <m, y>.
/// Source: Gao & Long 2024, RaBitQ, section 3.1 (centring); Aguerrebere et al. 2023, LVQ.
/// Thread: const members may be called from any thread.
class code_space {
 public:
  /// Errors: throws `failure` if the metric is not one of these three, or if dimension is 0 or too
  /// large.
  code_space(thespis_metric metric, std::uint32_t dimension, std::uint64_t seed);

  void train(std::span<const float* const> rows);
  /// What `load` needs to restore this space.
  void save(plugin::writer& out) const;
  /// Errors: throws `failure`: corruption if what was saved is not of this metric and dimension.
  void load(plugin::reader& in);

  /// Moves `row` into this space and gives its `norm`. Shape: room [padded()], zeros behind the
  /// dimension; any alignment.
  float place_row(const float* row, float* room) const noexcept;
  /// Moves a query into this space. Gives what its ranks are made of, for codes whose dot product
  /// with the query is <r, y>. Shape: as `place_row`.
  rank_terms place_query(const float* vector, float* room) const noexcept;
  /// The same for a query that is a row, of which only `norm` is known.
  [[nodiscard]] rank_terms row_terms(float norm) const noexcept;

  /// Turns a placed query, whose terms are given, into what blocks compare: R(q - m), or Rq for the
  /// dot product. Shape: room as `place_query`.
  void block_query_of(const rank_terms& terms, float* room) const noexcept;
  [[nodiscard]] thespis_metric metric() const noexcept { return metric_; }
  [[nodiscard]] std::uint32_t dimension() const noexcept { return dimension_; }
  /// The dimension with what vectors of floats are padded to.
  [[nodiscard]] std::size_t padded() const noexcept { return (dimension_ + 15U) / 16 * 16; }
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  [[nodiscard]] float unit_scale(const float* vector) const noexcept;
  [[nodiscard]] float finite_dot(const float* a, const float* b) const noexcept;
  void derive();

  thespis_metric metric_;
  std::uint32_t dimension_;
  std::uint64_t seed_;
  rotation rotation_;
  std::vector<float> mean_;
  std::vector<float> rotated_mean_;
  float mean_square_ = 0;  ///< |m|^2.
  one_fn dot_;
};

}  // namespace thespis::kernels
