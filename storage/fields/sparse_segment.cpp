// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "storage/fields/sparse_segment.hpp"

#include <algorithm>

namespace thespis::fields {

std::uint64_t sparse_segment::bytes() const noexcept {
  const auto of = [](const auto& values) { return values.capacity() * sizeof(values[0]); };
  return sizeof *this + of(present_) + of(dimensions_) + of(lists_) + of(offsets_) + of(weights_) +
         of(arrays_) + of(tables_) + of(bitmaps_);
}

const sparse_list* sparse_segment::find(std::uint32_t dimension) const noexcept {
  const auto at = std::lower_bound(dimensions_.begin(), dimensions_.end(), dimension);
  if (at == dimensions_.end() || *at != dimension) return nullptr;
  return &lists_[static_cast<std::size_t>(at - dimensions_.begin())];
}

const float* sparse_segment::weight_at(const sparse_list& of, offset_t offset) const noexcept {
  if (of.dense()) {
    const float* weight = array_of(of) + offset;
    return is_posting(*weight) ? weight : nullptr;
  }
  const auto in = of.has_table() ? postings_of(of, offset / window_slots) : postings_of(of);
  const auto* at = std::lower_bound(in.offsets, in.offsets + in.count, offset);
  if (at == in.offsets + in.count || *at != offset) return nullptr;
  return in.weights + (at - in.offsets);
}

}  // namespace thespis::fields
