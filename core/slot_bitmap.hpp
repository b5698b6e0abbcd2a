// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/ids.hpp"

namespace thespis {

/// A set of slots in chunks of 65,536 bits that copies share until one of them changes.
/// Copying costs O(chunks); a change after a copy copies one chunk of 8 KiB.
/// Thread: distinct copies may be used from distinct threads.
class slot_bitmap {
 public:
  static constexpr std::uint32_t chunk_bits_log2 = 16;
  static constexpr std::uint32_t chunk_words = (1u << chunk_bits_log2) / 64;

  /// Adds `slot`; returns false if it was there.
  bool insert(slot_t slot);
  /// Adds every slot below `end`.
  void insert_below(slot_t end);

  [[nodiscard]] bool contains(slot_t slot) const noexcept {
    const auto at = slot >> chunk_bits_log2;
    if (at >= words_.size() || words_[at] == nullptr) return false;
    const auto bit = slot & ((1u << chunk_bits_log2) - 1);
    return (words_[at][bit / 64] >> (bit % 64) & 1) != 0;
  }

  /// Number of slots in the set.
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

  /// Words of each chunk, null for a chunk without slots; slots past the last chunk are absent.
  /// Shape: `chunk_count()` pointers to `chunk_words` words.
  [[nodiscard]] const std::uint64_t* const* chunks() const noexcept { return words_.data(); }
  [[nodiscard]] std::uint32_t chunk_count() const noexcept {
    return static_cast<std::uint32_t>(words_.size());
  }

 private:
  using chunk = std::array<std::uint64_t, chunk_words>;

  std::vector<std::shared_ptr<chunk>> chunks_;
  std::vector<const std::uint64_t*> words_;  // what chunks_ point to, as plugins read it
  std::uint64_t size_ = 0;
};

}  // namespace thespis
