// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>

namespace thespis::flat {

/// Keeps the nearest hits that it is offered, in the caller's memory: a heap with the farthest on
/// top. Of equal ranks the lower slot is nearer, so that answers do not depend on the order.
class nearest {
 public:
  /// Keeps up to `room.size()` hits, at least 1, in `room`.
  explicit nearest(std::span<thespis_hit> room) noexcept : room_(room) {}

  /// A rank above it would not be kept.
  [[nodiscard]] float bound() const noexcept {
    return count_ < room_.size() ? std::numeric_limits<float>::infinity() : room_.front().rank;
  }

  void offer(std::uint32_t slot, float rank) noexcept {
    // What overflowed on both sides has no order; it is taken for infinitely far.
    if (std::isnan(rank)) rank = std::numeric_limits<float>::infinity();
    const thespis_hit hit{slot, rank};
    if (count_ < room_.size()) {
      room_[count_++] = hit;
      std::push_heap(room_.begin(), end(), nearer);
    } else if (nearer(hit, room_.front())) {
      std::pop_heap(room_.begin(), end(), nearer);
      room_.back() = hit;
      std::push_heap(room_.begin(), end(), nearer);
    }
  }

  /// Sorts what is kept, nearest first, and returns how many they are.
  std::size_t finish() noexcept {
    std::sort_heap(room_.begin(), end(), nearer);
    return count_;
  }

 private:
  static bool nearer(const thespis_hit& a, const thespis_hit& b) noexcept {
    return a.rank != b.rank ? a.rank < b.rank : a.slot < b.slot;
  }
  std::span<thespis_hit>::iterator end() noexcept {
    return room_.begin() + static_cast<std::ptrdiff_t>(count_);
  }

  std::span<thespis_hit> room_;
  std::size_t count_ = 0;
};

}  // namespace thespis::flat
