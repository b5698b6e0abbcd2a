// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

#include "core/ids.hpp"

namespace thespis::actors {

/// What is remembered of an index between two times that it was put in order.
struct upkeep_marks {
  std::uint64_t inserted = 0;  ///< Slots inserted since.
  std::uint64_t settled = 0;   ///< Dead slots that the index never had, or has dropped.
};

/// Says when an index should be put in order (`plugins::index::maintain`): when much was inserted
/// since the last time, or much of what it holds is dead.
/// Thread: belongs to one actor.
class index_upkeep {
 public:
  /// Fewer new nodes never matter.
  static constexpr std::uint64_t inserted_min = 1'000;
  /// Fewer dead nodes never matter.
  static constexpr std::uint64_t dead_min = 100;
  /// One part in so many.
  static constexpr std::uint64_t part = 5;

  index_upkeep() = default;
  explicit index_upkeep(upkeep_marks marks) : marks_(marks) {}

  /// A slice was inserted; `skipped` of its slots were dead already.
  void note_inserted(std::uint64_t inserted, std::uint64_t skipped) noexcept {
    marks_.inserted += inserted;
    marks_.settled += skipped;
  }
  /// The index is in order and has dropped all of `dead` slots.
  void note_maintained(std::uint64_t dead) noexcept { marks_ = {0, dead}; }

  /// Whether it is time, for an index that covers the slots below `indexed_end`, `dead` of which
  /// are dead.
  [[nodiscard]] bool due(slot_t indexed_end, std::uint64_t dead) const noexcept {
    const auto settled = marks_.settled < dead ? marks_.settled : dead;
    const auto nodes = indexed_end - settled;
    const auto dead_nodes = dead - settled;
    const auto more_than = [&](std::uint64_t count, std::uint64_t least) {
      return count > least && count > nodes / part;
    };
    return more_than(marks_.inserted, inserted_min) || more_than(dead_nodes, dead_min);
  }

  [[nodiscard]] const upkeep_marks& marks() const noexcept { return marks_; }

 private:
  upkeep_marks marks_;
};

}  // namespace thespis::actors
