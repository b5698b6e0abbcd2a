// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>
#include <vector>

#include "core/ids.hpp"

namespace thespis::actors {

/// Slots [first, end).
struct slot_range {
  slot_t first = 0;
  slot_t end = 0;
};

/// Which slots an index covers while several threads insert slices of them out of order.
/// Thread: belongs to one actor.
class index_progress {
 public:
  /// Everything below `indexed_end` is covered already.
  explicit index_progress(slot_t indexed_end) : indexed_end_(indexed_end), handed_(indexed_end) {}

  /// Takes the next slice below `limit`, at most `slots_max` long; nothing if all are taken.
  [[nodiscard]] std::optional<slot_range> take(slot_t limit, slot_t slots_max);

  /// Whether slots below `limit` are still to be taken.
  [[nodiscard]] bool waits(slot_t limit) const noexcept { return handed_ < limit; }

  /// Notes that a slice is inserted.
  void finish(slot_range slice);

  /// Every slot below it is covered.
  [[nodiscard]] slot_t indexed_end() const noexcept { return indexed_end_; }
  /// Slices that were taken and are not finished.
  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_; }

 private:
  slot_t indexed_end_;
  slot_t handed_;
  std::size_t in_flight_ = 0;
  std::vector<slot_range> early_;  // finished, but slices before them are not
};

}  // namespace thespis::actors
