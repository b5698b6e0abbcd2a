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

/// Keeps the nearest hits that it is offered, in the caller's memory: once there are enough, a heap
/// with the farthest on top. Of equal ranks the lower slot is nearer, so that answers do not depend
/// on the order.
class nearest {
 public:
  /// Keeps up to `room.size()` hits, at least 1, in `room`.
  explicit nearest(std::span<thespis_hit> room) noexcept : room_(room) {}

  /// Whether `bound` means anything yet.
  [[nodiscard]] bool full() const noexcept { return count_ == room_.size(); }

  /// A rank above it would not be kept.
  [[nodiscard]] float bound() const noexcept {
    return full() ? room_.front().rank : std::numeric_limits<float>::infinity();
  }

  void offer(std::uint32_t slot, float rank) noexcept {
    // What overflowed on both sides has no order; it is taken for infinitely far.
    if (std::isnan(rank)) rank = std::numeric_limits<float>::infinity();
    const thespis_hit hit{slot, rank};
    if (!full()) {
      room_[count_++] = hit;
      if (full()) std::make_heap(room_.begin(), room_.end(), nearer);
    } else if (nearer(hit, room_.front())) {
      replace_top(hit);
    }
  }

  /// Sorts what is kept, nearest first, and returns how many they are.
  std::size_t finish() noexcept {
    std::sort(room_.begin(), room_.begin() + static_cast<std::ptrdiff_t>(count_), nearer);
    return count_;
  }

 private:
  static bool nearer(const thespis_hit& a, const thespis_hit& b) noexcept {
    return a.rank != b.rank ? a.rank < b.rank : a.slot < b.slot;
  }

  // Half the work of taking the top out and putting `hit` in.
  void replace_top(const thespis_hit& hit) noexcept {
    std::size_t at = 0;
    for (std::size_t child = 1; child < room_.size(); child = 2 * at + 1) {
      if (child + 1 < room_.size() && nearer(room_[child], room_[child + 1])) ++child;
      if (!nearer(hit, room_[child])) break;
      room_[at] = room_[child];
      at = child;
    }
    room_[at] = hit;
  }

  std::span<thespis_hit> room_;
  std::size_t count_ = 0;
};

}  // namespace thespis::flat
