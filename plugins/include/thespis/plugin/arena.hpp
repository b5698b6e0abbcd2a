// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <cstddef>
#include <cstdint>
#include <span>

namespace thespis::plugin {

/// Reads rows of the host's arena; cheap to copy.
class arena {
 public:
  explicit arena(const thespis_arena* lent) noexcept
      : lent_(lent),
        chunks_(lent->chunks),
        stride_bytes_(lent->row_stride_bytes),
        chunk_rows_log2_(lent->chunk_rows_log2),
        norm_offset_(lent->inverse_norm_offset_bytes),
        dimension_(lent->dimension),
        padded_dimension_(lent->padded_dimension) {}

  /// What rows are made of. Never anything but what the plugin says that it reads.
  [[nodiscard]] thespis_element element() const noexcept { return lent_->element; }
  /// For float32 only.
  [[nodiscard]] const float* row(std::uint32_t slot) const noexcept {
    return reinterpret_cast<const float*>(row_bytes(slot));
  }
  /// A row of any element type.
  [[nodiscard]] const unsigned char* row_bytes(std::uint32_t slot) const noexcept {
    const auto in_chunk = slot & ((std::uint32_t{1} << chunk_rows_log2_) - 1);
    return chunks_[slot >> chunk_rows_log2_] + in_chunk * stride_bytes_;
  }
  /// For cosine only: 1 / |row|, or 0 for a zero vector.
  [[nodiscard]] float inverse_norm(std::uint32_t slot) const noexcept {
    return *reinterpret_cast<const float*>(row_bytes(slot) + norm_offset_);
  }
  /// How many rows from `slot` on lie side by side, `row_stride()` apart.
  [[nodiscard]] std::uint32_t rows_together(std::uint32_t slot) const noexcept {
    const auto rows = std::uint32_t{1} << chunk_rows_log2_;
    return rows - (slot & (rows - 1));
  }
  /// `THESPIS_ARENA_...`.
  [[nodiscard]] std::uint32_t flags() const noexcept { return lent_->flags; }
  /// Says that these rows are about to be read.
  void will_read(std::span<const std::uint32_t> slots) const noexcept {
    if (lent_->will_read != nullptr) lent_->will_read(lent_->context, slots.data(), slots.size());
  }
  [[nodiscard]] std::uint32_t dimension() const noexcept { return dimension_; }
  [[nodiscard]] std::uint32_t padded_dimension() const noexcept { return padded_dimension_; }
  /// Units: floats.
  [[nodiscard]] std::size_t row_stride() const noexcept { return stride_bytes_ / sizeof(float); }
  /// From a row to its inverse norm, for cosine. Units: floats.
  [[nodiscard]] std::size_t inverse_norm_offset() const noexcept {
    return norm_offset_ / sizeof(float);
  }

 private:
  const thespis_arena* lent_;
  const unsigned char* const* chunks_;
  std::size_t stride_bytes_;
  std::uint32_t chunk_rows_log2_;
  std::uint32_t norm_offset_;
  std::uint32_t dimension_;
  std::uint32_t padded_dimension_;
};

/// Whether `set` is there and holds `slot`.
[[nodiscard]] inline bool contains(const thespis_bitmap* set, std::uint32_t slot) noexcept {
  if (set == nullptr) return false;
  const auto at = slot >> set->chunk_bits_log2;
  if (at >= set->chunk_count || set->chunks[at] == nullptr) return false;
  const auto bit = slot & ((std::uint32_t{1} << set->chunk_bits_log2) - 1);
  return (set->chunks[at][bit / 64] >> (bit % 64) & 1) != 0;
}

/// Whether `query` may be answered with `slot`.
[[nodiscard]] inline bool admits(const thespis_index_query& query, std::uint32_t slot) noexcept {
  return slot >= query.first_slot && slot < query.end_slot && !contains(query.dead, slot) &&
         (query.allowed == nullptr || contains(query.allowed, slot));
}

/// Whether nobody waits for the answer to `query` any more.
[[nodiscard]] inline bool cancelled(const thespis_index_query& query) noexcept {
  return query.cancelled != nullptr && __atomic_load_n(query.cancelled, __ATOMIC_RELAXED) != 0;
}

}  // namespace thespis::plugin
