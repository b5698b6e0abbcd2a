// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "actors/collection/index_progress.hpp"

#include <algorithm>

#include "core/assert.hpp"

namespace thespis::actors {

std::optional<slot_range> index_progress::take(slot_t limit, slot_t slots_max) {
  if (handed_ >= limit) return std::nullopt;
  const slot_range slice{handed_, handed_ + std::min(slots_max, limit - handed_)};
  handed_ = slice.end;
  ++in_flight_;
  return slice;
}

void index_progress::finish(slot_range slice) {
  THESPIS_ASSERT(in_flight_ > 0);
  --in_flight_;
  early_.push_back(slice);
  for (bool advanced = true; advanced;) {
    advanced = false;
    std::erase_if(early_, [&](const slot_range& done) {
      if (done.first != indexed_end_) return false;
      indexed_end_ = done.end;
      return advanced = true;
    });
  }
}

}  // namespace thespis::actors
