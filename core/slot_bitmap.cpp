// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/slot_bitmap.hpp"

namespace thespis {

bool slot_bitmap::insert(slot_t slot) {
  if (contains(slot)) return false;
  const auto at = slot >> chunk_bits_log2;
  if (at >= chunks_.size()) {
    chunks_.resize(at + 1);
    words_.resize(at + 1, nullptr);
  }
  auto& shared = chunks_[at];
  if (!shared) {
    shared = std::make_shared<chunk>(chunk{});
  } else if (shared.use_count() > 1) {
    shared = std::make_shared<chunk>(*shared);
  }
  words_[at] = shared->data();
  const auto bit = slot & ((1u << chunk_bits_log2) - 1);
  (*shared)[bit / 64] |= std::uint64_t{1} << (bit % 64);
  ++size_;
  return true;
}

}  // namespace thespis
