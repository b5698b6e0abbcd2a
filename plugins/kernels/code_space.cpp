// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/kernels/code_space.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

namespace thespis::kernels {
namespace {

constexpr std::uint32_t dimension_max = 65535;
constexpr std::size_t training_rows_max = 65536;
constexpr std::uint32_t format = 1;

struct saved_head {
  std::uint32_t format;
  thespis_metric metric;
  std::uint32_t dimension;
  std::uint32_t reserved;
  std::uint64_t seed;
};

std::uint32_t checked(thespis_metric metric, std::uint32_t dimension) {
  if (metric == THESPIS_METRIC_MANHATTAN)
    throw plugin::failure(THESPIS_UNSUPPORTED,
                          "quantizer: the Manhattan distance has no codes; use euclid, dot or "
                          "cosine");
  if (metric < THESPIS_METRIC_COSINE || metric > THESPIS_METRIC_MANHATTAN)
    throw plugin::failure(THESPIS_UNSUPPORTED, "unknown metric " + std::to_string(metric));
  if (dimension == 0 || dimension > dimension_max)
    throw plugin::failure(THESPIS_INVALID_ARGUMENT,
                          "quantizer: dimension " + std::to_string(dimension) +
                              " is not between 1 and " + std::to_string(dimension_max));
  return dimension;
}

}  // namespace

code_space::code_space(thespis_metric metric, std::uint32_t dimension, std::uint64_t seed)
    : metric_(metric),
      dimension_(checked(metric, dimension)),
      seed_(seed),
      rotation_(dimension, seed),
      mean_(dimension),
      dot_(kernels_for(metric::dot, dimension).one) {}

float code_space::unit_scale(const float* vector) const noexcept {
  return metric_ == THESPIS_METRIC_COSINE ? inverse_norm(vector, dimension_) : 1.0F;
}

float code_space::finite_dot(const float* a, const float* b) const noexcept {
  const float sum = dot_(a, b, dimension_);
  if (std::isfinite(sum)) return sum;
  double exact = 0;
  for (std::uint32_t i = 0; i < dimension_; ++i) exact += static_cast<double>(a[i]) * b[i];
  // What overflows stays a number, of which a query may take nothing.
  constexpr double largest = std::numeric_limits<float>::max();
  return static_cast<float>(std::clamp(exact, -largest, largest));
}

void code_space::derive() {
  mean_square_ = dot_(mean_.data(), mean_.data(), dimension_);
  rotated_mean_ = mean_;
  rotation_.apply(rotated_mean_.data());
}

void code_space::train(std::span<const float* const> rows) {
  if (rows.empty()) throw plugin::failure(THESPIS_INVALID_ARGUMENT, "quantizer: nothing to learn");
  rows = rows.first(std::min(rows.size(), training_rows_max));
  std::vector<double> sums(dimension_);
  for (const float* row : rows) {
    const float scale = unit_scale(row);
    for (std::uint32_t i = 0; i < dimension_; ++i) sums[i] += scale * row[i];
  }
  for (std::uint32_t i = 0; i < dimension_; ++i)
    mean_[i] = static_cast<float>(sums[i] / static_cast<double>(rows.size()));
  derive();
}

void code_space::save(plugin::writer& out) const {
  out.value(saved_head{format, metric_, dimension_, 0, seed_});
  out.write(mean_.data(), mean_.size() * sizeof(float));
}

void code_space::load(plugin::reader& in) {
  const auto head = in.value<saved_head>();
  if (head.format != format || head.metric != metric_ || head.dimension != dimension_)
    throw plugin::failure(THESPIS_CORRUPTION,
                          "saved quantizer has another format, metric or "
                          "dimension");
  std::vector<float> mean(dimension_);
  in.read(mean.data(), mean.size() * sizeof(float));
  if (!std::all_of(mean.begin(), mean.end(), [](float value) { return std::isfinite(value); }))
    throw plugin::failure(THESPIS_CORRUPTION, "saved quantizer has a mean that is not finite");
  mean_ = std::move(mean);
  if (head.seed != seed_) {
    rotation_ = rotation(dimension_, head.seed);
    seed_ = head.seed;
  }
  derive();
}

float code_space::place_row(const float* row, float* room) const noexcept {
  const float scale = unit_scale(row);
  for (std::uint32_t i = 0; i < dimension_; ++i) room[i] = scale * row[i] - mean_[i];
  std::fill(room + dimension_, room + padded(), 0.0F);
  const float* other = metric_ == THESPIS_METRIC_EUCLID ? room : mean_.data();
  const float norm = finite_dot(room, other);
  rotation_.apply(room);
  return norm;
}

rank_terms code_space::place_query(const float* vector, float* room) const noexcept {
  if (metric_ == THESPIS_METRIC_EUCLID) return row_terms(place_row(vector, room));
  const float scale = unit_scale(vector);
  const float along = scale * dot_(vector, mean_.data(), dimension_);
  const float share = mean_square_ > 0 ? along / mean_square_ : 0.0F;
  const float weight = std::isfinite(share) ? share : 0.0F;
  for (std::uint32_t i = 0; i < dimension_; ++i) room[i] = scale * vector[i] - weight * mean_[i];
  std::fill(room + dimension_, room + padded(), 0.0F);
  rotation_.apply(room);
  return {-along, -weight, -1};
}

rank_terms code_space::row_terms(float norm) const noexcept {
  if (metric_ == THESPIS_METRIC_EUCLID) return {norm, 1, -2};
  return {-(mean_square_ + norm), -1, -1};
}

void code_space::block_query_of(const rank_terms& terms, float* room) const noexcept {
  if (metric_ == THESPIS_METRIC_EUCLID) return;
  // The placed query is R(q - a m), with a = -norm_weight.
  const float share = -terms.norm_weight - (metric_ == THESPIS_METRIC_COSINE ? 1.0F : 0.0F);
  for (std::uint32_t i = 0; i < dimension_; ++i) room[i] += share * rotated_mean_[i];
}

std::size_t code_space::bytes() const noexcept {
  return sizeof(*this) + rotation_.bytes() + 2 * mean_.capacity() * sizeof(float);
}

}  // namespace thespis::kernels
