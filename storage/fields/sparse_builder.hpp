// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/slot_bitmap.hpp"
#include "storage/fields/sparse_segment.hpp"
#include "storage/fields/sparse_tail.hpp"

namespace thespis::fields {

/// Makes one segment: first all slots, then list by list in ascending order of dimensions.
/// Thread: one.
class sparse_builder {
 public:
  /// Begins a segment of the page that begins at slot `base`.
  explicit sparse_builder(slot_t base);

  void add_slot(offset_t offset);
  [[nodiscard]] bool has_slot(offset_t offset) const noexcept {
    return (made_->present_[offset / 64] >> (offset % 64) & 1) != 0;
  }

  /// Adds a posting to the current list; offsets ascend and are slots of the segment.
  void add(offset_t offset, float weight) {
    offsets_.push_back(offset);
    weights_.push_back(weight);
  }
  /// Adds those of a list's postings whose slots are in the segment.
  void add(const sparse_segment& from, const sparse_list& list);
  /// Ends the current list, which is left out if it is empty.
  void end_list(std::uint32_t dimension);

  [[nodiscard]] std::shared_ptr<const sparse_segment> finish();

 private:
  [[nodiscard]] window_table table_of(const sparse_list& list) const;

  std::shared_ptr<sparse_segment> made_;
  std::vector<offset_t> offsets_;
  std::vector<float> weights_;
};

/// Which slots of segments are taken over: those below `end_slot` that are not `dead`.
struct slots_kept {
  slot_t end_slot = no_slot;
  const slot_bitmap* dead = nullptr;

  [[nodiscard]] bool operator()(slot_t slot) const noexcept {
    return slot < end_slot && (dead == nullptr || !dead->contains(slot));
  }
};

/// Calls `visit(offset)` for each slot of a segment.
template <class Visit>
void for_each_slot(const sparse_segment& segment, Visit visit) {
  for (std::uint32_t word = 0; word < page_slots / 64; ++word)
    for (auto bits = segment.present()[word]; bits != 0; bits &= bits - 1)
      visit(static_cast<offset_t>(word * 64 + static_cast<std::uint32_t>(std::countr_zero(bits))));
}

/// Calls `visit(offset, weight)` for each posting of a list in ascending order.
template <class Visit>
void for_each_posting(const sparse_segment& segment, const sparse_list& list, Visit visit) {
  if (list.dense()) {
    const float* weights = segment.array_of(list);
    for (std::uint32_t at = 0; at < page_slots; ++at)
      if (sparse_segment::is_posting(weights[at])) visit(static_cast<offset_t>(at), weights[at]);
    return;
  }
  const auto all = segment.postings_of(list);
  for (std::uint32_t at = 0; at < all.count; ++at) visit(all.offsets[at], all.weights[at]);
}

/// One segment of all that is kept of `parts`, segments of one page in ascending order of slots;
/// null if nothing is.
[[nodiscard]] std::shared_ptr<const sparse_segment> merge(
    std::span<const std::shared_ptr<const sparse_segment>> parts, const slots_kept& kept);

/// The rows of a tail below `end_slot`, which lie in one page; null if there is none.
[[nodiscard]] std::shared_ptr<const sparse_segment> invert(const sparse_tail& tail,
                                                           slot_t end_slot);

}  // namespace thespis::fields
