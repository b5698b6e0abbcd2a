// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "core/ids.hpp"
#include "storage/fields/large_pages.hpp"

namespace thespis::fields {

/// Slots of a page share their upper 16 bits, slots of a window the upper 20.
inline constexpr std::uint32_t page_slots = 1u << 16;
inline constexpr std::uint32_t window_slots = 1u << 12;
inline constexpr std::uint32_t page_windows = page_slots / window_slots;
inline constexpr std::uint32_t window_words = window_slots / 64;

/// The place of a slot in its page.
using offset_t = std::uint16_t;

/// The postings of one dimension in a segment. Their number says how they are kept.
struct sparse_list {
  /// From so many on a list has a `window_table`.
  static constexpr std::uint32_t table_min = 128;
  /// From so many on it has a bit for each slot of the page as well.
  static constexpr std::uint32_t bitmap_min = page_slots / 8;
  /// From so many on a list is an array of weights, one for each slot of the page.
  static constexpr std::uint32_t dense_min = page_slots / 2;

  std::uint32_t begin = 0;  ///< Of its offsets and weights, or the number of its array.
  std::uint32_t count = 0;
  std::uint32_t table = 0;
  float most = 0;   ///< The largest weight, or 0 if that is larger.
  float least = 0;  ///< The smallest weight, or 0 if that is smaller.

  [[nodiscard]] bool has_table() const noexcept { return count >= table_min; }
  [[nodiscard]] bool has_bitmap() const noexcept { return count >= bitmap_min; }
  [[nodiscard]] bool dense() const noexcept { return count >= dense_min; }
};

/// Where the postings of each window begin within a list, and bounds of their weights: in 255ths of
/// the list's `most` and `least`, rounded outwards.
struct window_table {
  std::array<std::uint16_t, page_windows> begin{};
  std::array<std::uint8_t, page_windows> most{};
  std::array<std::uint8_t, page_windows> least{};
  std::uint32_t bitmap = 0;  ///< The number of the list's bitmap, if it has one.
};

/// An immutable inverted index of slots of one page.
/// Thread: any number may read it.
class sparse_segment {
 public:
  /// A run of postings.
  struct run {
    const offset_t* offsets;
    const float* weights;
    std::uint32_t count;
  };

  [[nodiscard]] slot_t base() const noexcept { return base_; }
  [[nodiscard]] std::uint32_t points() const noexcept { return points_; }
  [[nodiscard]] std::uint64_t postings() const noexcept { return postings_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept;

  /// Windows outside these have no slots.
  [[nodiscard]] std::uint32_t first_window() const noexcept { return first_window_; }
  [[nodiscard]] std::uint32_t last_window() const noexcept { return last_window_; }

  /// A bit for each slot of the page that is in the segment, also with an empty vector.
  [[nodiscard]] const std::uint64_t* present() const noexcept { return present_.data(); }

  [[nodiscard]] std::span<const std::uint32_t> dimensions() const noexcept { return dimensions_; }
  [[nodiscard]] const sparse_list& list(std::size_t at) const noexcept { return lists_[at]; }
  /// The list of a dimension, or null.
  [[nodiscard]] const sparse_list* find(std::uint32_t dimension) const noexcept;

  /// Postings of a list that is not dense.
  [[nodiscard]] run postings_of(const sparse_list& of) const noexcept {
    return {offsets_.data() + of.begin, weights_.data() + of.begin, of.count};
  }
  /// Those of them that lie in a window; the list has a table.
  [[nodiscard]] run postings_of(const sparse_list& of, std::uint32_t window) const noexcept {
    const auto& begins = tables_[of.table].begin;
    const std::uint32_t first = begins[window];
    const std::uint32_t last = window + 1 < page_windows ? begins[window + 1] : of.count;
    return {offsets_.data() + of.begin + first, weights_.data() + of.begin + first, last - first};
  }
  /// Weights of a dense list by offset. Where it has no posting, all bits are zero; a posting of
  /// weight zero is -0.
  [[nodiscard]] const float* array_of(const sparse_list& of) const noexcept {
    return arrays_.data() + std::size_t{of.begin} * page_slots;
  }
  [[nodiscard]] const window_table& table_of(const sparse_list& of) const noexcept {
    return tables_[of.table];
  }
  /// Bits of the slots that have a posting in a list, which has a bitmap.
  [[nodiscard]] const std::uint64_t* bitmap_of(const sparse_list& of) const noexcept {
    return bitmaps_.data() + std::size_t{tables_[of.table].bitmap} * (page_slots / 64);
  }
  static bool is_posting(float weight) noexcept {
    return std::bit_cast<std::uint32_t>(weight) != 0;
  }

  /// The weight of a list at an offset, or null.
  [[nodiscard]] const float* weight_at(const sparse_list& of, offset_t offset) const noexcept;

 private:
  friend class sparse_builder;
  template <class T>
  using large_vector = std::vector<T, large_page_allocator<T>>;

  slot_t base_ = 0;
  std::uint32_t points_ = 0;
  std::uint32_t first_window_ = page_windows;
  std::uint32_t last_window_ = 0;
  std::uint64_t postings_ = 0;
  std::vector<std::uint64_t> present_ = std::vector<std::uint64_t>(page_slots / 64);
  std::vector<std::uint32_t> dimensions_;  ///< Ascending.
  std::vector<sparse_list> lists_;         ///< One for each.
  large_vector<offset_t> offsets_;         ///< Ascending within a list.
  large_vector<float> weights_;
  large_vector<float> arrays_;
  std::vector<window_table> tables_;
  std::vector<std::uint64_t> bitmaps_;
};

}  // namespace thespis::fields
