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
inline constexpr std::uint32_t block_slots = 1024;

/// The slots of one block that a query admits.
struct candidate_block {
  std::uint32_t first = 0;  ///< A multiple of `block_slots`.
  std::uint32_t begin = 0;  ///< The query's range within the block is [begin, end).
  std::uint32_t end = 0;
  std::uint32_t count = 0;                ///< How many are admitted.
  std::uint64_t words[block_slots / 64];  ///< Which: bit i is slot `first` + i.

  /// Whether `slot`, which lies in the block, is admitted.
  [[nodiscard]] bool admits(std::uint32_t slot) const noexcept {
    const auto at = slot - first;
    return (words[at / 64] >> at % 64 & 1) != 0;
  }
  /// Whether so many are admitted that going over all of them is quicker than picking.
  [[nodiscard]] bool dense(std::uint32_t share) const noexcept {
    return count >= (end - begin) / share;
  }
  /// Writes the admitted slots to `slots`, ascending.
  void list(std::uint32_t* slots) const noexcept {
    for (std::uint32_t i = 0; i < block_slots / 64; ++i)
      for (auto word = words[i]; word != 0; word &= word - 1)
        *slots++ = first + 64 * i + static_cast<std::uint32_t>(std::countr_zero(word));
  }
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
      next_ += block_slots;
      block.begin = std::max(block.first, query_.first_slot);
      block.end = static_cast<std::uint32_t>(std::min<std::uint64_t>(next_, query_.end_slot));
      block.count = 0;
      for (std::uint32_t i = 0; i < block_slots / 64; ++i) {
        block.words[i] = word_at(block.first + 64 * i);
        block.count += static_cast<std::uint32_t>(std::popcount(block.words[i]));
      }
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

  [[nodiscard]] std::uint64_t word_at(std::uint32_t first) const noexcept {
    const std::uint64_t end = std::uint64_t{first} + 64;
    if (end <= query_.first_slot || first >= query_.end_slot) return 0;
    auto word = query_.allowed != nullptr ? word_of(*query_.allowed, first) : ~std::uint64_t{0};
    if (query_.dead != nullptr) word &= ~word_of(*query_.dead, first);
    if (query_.first_slot > first) word &= ~std::uint64_t{0} << (query_.first_slot - first);
    if (query_.end_slot < end) word &= ~std::uint64_t{0} >> (end - query_.end_slot);
    return word;
  }

  const thespis_index_query& query_;
  std::uint64_t next_;
};

}  // namespace thespis::flat
