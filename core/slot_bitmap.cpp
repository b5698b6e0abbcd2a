// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/slot_bitmap.hpp"

#include <bit>

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

void slot_bitmap::insert_below(slot_t end) {
  constexpr slot_t chunk_bits = slot_t{1} << chunk_bits_log2;
  const auto whole = end / chunk_bits;
  if (whole > chunks_.size()) {
    chunks_.resize(whole);
    words_.resize(whole, nullptr);
  }
  for (slot_t at = 0; at < whole; ++at) {
    if (chunks_[at])
      for (const auto word : *chunks_[at]) size_ -= static_cast<std::uint64_t>(std::popcount(word));
    chunks_[at] = std::make_shared<chunk>();
    chunks_[at]->fill(~std::uint64_t{0});
    words_[at] = chunks_[at]->data();
    size_ += chunk_bits;
  }
  for (auto slot = whole * chunk_bits; slot < end; ++slot) insert(slot);
}

}  // namespace thespis
