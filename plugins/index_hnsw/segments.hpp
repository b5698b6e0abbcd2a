// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <thespis/plugin/plugin.hpp>

namespace thespis::hnsw {

/// Blocks of equal size addressed by number, in segments that double: a block never moves, so
/// readers need no lock while the array grows. Fresh blocks are filled with zeros.
/// Thread: `at` may be called for a block after an `ensure` that covers it happened before;
/// `ensure` may run on several threads.
class segments {
 public:
  /// Readers may read `slack_bytes` past the end of a block.
  segments(plugin::services host, std::size_t block_bytes, std::size_t slack_bytes = 0) noexcept
      : host_(host), block_bytes_(block_bytes), slack_bytes_(slack_bytes) {}
  segments(const segments&) = delete;
  segments& operator=(const segments&) = delete;
  ~segments() {
    for (std::size_t i = 0; i < table_.size(); ++i)
      if (memory_[i] != nullptr) host_.release(memory_[i], bytes_of(i), alignment);
  }

  /// Makes blocks [0, number] exist. Throws std::bad_alloc.
  void ensure(std::uint32_t number) {
    const std::size_t last = segment_of(number);
    if (table_[last].load(std::memory_order_acquire) != 0) return;
    const std::lock_guard guard(growing_);
    for (std::size_t i = 0; i <= last; ++i) {
      if (memory_[i] != nullptr) continue;
      memory_[i] = host_.allocate(bytes_of(i), alignment);
      // Biased by the segment's first block, so that `at` needs one multiplication and no branch.
      table_[i].store(reinterpret_cast<std::uintptr_t>(memory_[i]) - first_of(i) * block_bytes_,
                      std::memory_order_release);
    }
  }

  [[nodiscard]] std::byte* at(std::uint32_t number) const noexcept {
    const auto biased = table_[segment_of(number)].load(std::memory_order_acquire);
    return reinterpret_cast<std::byte*>(biased + std::size_t{number} * block_bytes_);
  }

  [[nodiscard]] std::size_t block_bytes() const noexcept { return block_bytes_; }

 private:
  static constexpr std::size_t alignment = 64;
  static constexpr std::uint32_t first_log2 = 10;  // blocks of the first segment

  static std::size_t segment_of(std::uint32_t number) noexcept {
    return static_cast<std::size_t>(std::bit_width(number >> first_log2));
  }
  static std::size_t first_of(std::size_t segment) noexcept {
    return segment == 0 ? 0 : std::size_t{1} << (first_log2 + segment - 1);
  }
  [[nodiscard]] std::size_t bytes_of(std::size_t segment) const noexcept {
    const auto blocks = std::size_t{1} << (segment == 0 ? first_log2 : first_log2 + segment - 1);
    return blocks * block_bytes_ + slack_bytes_;
  }

  plugin::services host_;
  std::size_t block_bytes_;
  std::size_t slack_bytes_;
  std::array<std::atomic<std::uintptr_t>, 33 - first_log2> table_{};
  std::array<void*, 33 - first_log2> memory_{};
  std::mutex growing_;
};

}  // namespace thespis::hnsw
