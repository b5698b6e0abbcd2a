// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <thespis/plugin/index.h>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace thespis::flat {

/// Slots handled at a time; a multiple of 64.
inline constexpr std::uint32_t block_slots = 256;

/// The slots of one block that a query admits, in ascending order.
struct candidate_block {
  std::uint32_t first = 0;  ///< A multiple of `block_slots`.
  std::uint32_t count = 0;
  std::uint32_t slots[block_slots];
};

/// Walks a query's range in blocks, leaving out slots that are dead or not allowed.
class candidates {
 public:
  explicit candidates(const thespis_index_query& query) noexcept
      : query_(query), next_(query.first_slot / block_slots * std::uint64_t{block_slots}) {}

  /// Fills `block` with the next slots; false when there are none left. A block is never empty.
  bool next(candidate_block& block) noexcept {
    while (next_ < query_.end_slot) {
      block.first = static_cast<std::uint32_t>(next_);
      block.count = 0;
      next_ += block_slots;
      for (std::uint32_t i = 0; i < block_slots; i += 64) take_word(block.first + i, block);
      if (block.count > 0) return true;
    }
    return false;
  }

 private:
  static std::uint64_t word_of(const thespis_bitmap& set, std::uint32_t first) noexcept {
    const auto at = first >> set.chunk_bits_log2;
    if (at >= set.chunk_count || set.chunks[at] == nullptr) return 0;
    return set.chunks[at][(first & ((std::uint32_t{1} << set.chunk_bits_log2) - 1)) / 64];
  }

  void take_word(std::uint32_t first, candidate_block& block) const noexcept {
    const std::uint64_t end = std::uint64_t{first} + 64;
    if (end <= query_.first_slot || first >= query_.end_slot) return;
    auto word = query_.allowed != nullptr ? word_of(*query_.allowed, first) : ~std::uint64_t{0};
    if (query_.dead != nullptr) word &= ~word_of(*query_.dead, first);
    if (query_.first_slot > first) word &= ~std::uint64_t{0} << (query_.first_slot - first);
    if (query_.end_slot < end) word &= ~std::uint64_t{0} >> (end - query_.end_slot);
    for (; word != 0; word &= word - 1)
      block.slots[block.count++] = first + static_cast<std::uint32_t>(std::countr_zero(word));
  }

  const thespis_index_query& query_;
  std::uint64_t next_;
};

}  // namespace thespis::flat
