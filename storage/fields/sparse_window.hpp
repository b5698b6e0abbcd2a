// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "storage/fields/sparse_search.hpp"
#include "storage/fields/sparse_segment.hpp"

namespace thespis::fields {

/// A term of a query in a segment, and its postings in one window.
struct window_term {
  const sparse_segment* segment;
  const sparse_list* list;
  std::uint32_t term;  ///< Its number in the query.
  float weight;        ///< Scaled.
  float bound;         ///< The most that it adds to a score,
  bool skipped = false;

  float window_bound = 0;  ///< and in the window.
  std::uint32_t window_count = 0;
  std::uint32_t window_begin = 0;  ///< Of a list that is not dense.

  window_term(const sparse_segment& in, const sparse_list& of, std::uint32_t number,
              float scaled) noexcept
      : segment(&in),
        list(&of),
        term(number),
        weight(scaled),
        bound(scaled >= 0 ? scaled * of.most : scaled * of.least) {}

  /// How much adding the whole list costs, in postings: as much where it is dense, since what a sum
  /// takes less then, memory takes more.
  [[nodiscard]] float cost() const noexcept { return static_cast<float>(list->count); }

  /// Goes to a window; windows are entered in ascending order.
  void enter(std::uint32_t window) noexcept;
};

/// The estimate of a slot's score.
struct estimate {
  offset_t offset;
  float score;
};

/// Estimates for the slots of one window. Thread: one.
class window_scores {
 public:
  /// Begins a window. Returns how many of its slots may be hits.
  std::uint32_t admit(const sparse_segment& segment, const page_filter& filter,
                      std::uint32_t window) noexcept;

  /// Calls `visit(offset)` for each slot that may be a hit.
  template <class Visit>
  void for_each_admitted(Visit visit) const {
    for (std::uint32_t word = 0; word < window_words; ++word)
      for (auto bits = admitted_[word]; bits != 0; bits &= bits - 1)
        visit(static_cast<offset_t>(first_ + word * 64 +
                                    static_cast<std::uint32_t>(std::countr_zero(bits))));
  }

  /// Adds the postings of terms that entered the window: of all, noting which slots have one, or of
  /// those that are not skipped.
  void add(std::span<const window_term> terms, std::uint32_t window, bool all) noexcept;

  /// Gives the admitted slots whose sums are at least `least`, with a posting if `add` was told to
  /// note them, and clears the sums.
  void take_above(float least, std::uint32_t window, bool noted, std::vector<estimate>& out);

 private:
  void note(const window_term& term, std::uint32_t window) noexcept;

  std::uint32_t first_ = 0;  ///< The window's first slot in the page.
  std::array<std::uint64_t, window_words> admitted_{};
  std::array<std::uint8_t, window_slots> noted_{};
  alignas(64) std::array<float, window_slots> sums_{};
};

}  // namespace thespis::fields
