// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "core/ids.hpp"

namespace thespis::fields {

/// The newest vectors of an index, as they came.
/// Thread: one writer appends beside any number of readers.
class sparse_tail {
 public:
  static constexpr std::size_t rows_max = 1024;
  static constexpr std::size_t postings_max = std::size_t{1} << 18;

  /// A dimension of a vector and its value.
  struct entry {
    std::uint32_t dimension;
    float value;
  };
  /// One vector, by ascending dimensions.
  struct row {
    slot_t slot = no_slot;
    std::vector<entry> entries;
  };

  /// Whether nothing more should be appended.
  [[nodiscard]] bool full() const noexcept {
    return size() == rows_max || postings() >= postings_max;
  }

  /// Adds a row to one that is not full.
  void append(slot_t slot, std::span<const std::uint32_t> indices, std::span<const float> values) {
    if (rows_ == nullptr) rows_ = std::make_unique<row[]>(rows_max);
    const auto count = count_.load(std::memory_order_relaxed);
    auto& added = rows_[count];
    added.slot = slot;
    added.entries.reserve(indices.size());
    for (std::size_t at = 0; at < indices.size(); ++at)
      added.entries.push_back({indices[at], values[at]});
    postings_.store(postings() + indices.size(), std::memory_order_relaxed);
    count_.store(count + 1, std::memory_order_release);
  }

  /// Rows that may be read, in ascending order of slots.
  [[nodiscard]] std::span<const row> rows() const noexcept {
    const auto count = size();
    return count == 0 ? std::span<const row>() : std::span<const row>(rows_.get(), count);
  }
  [[nodiscard]] std::size_t size() const noexcept { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] std::uint64_t postings() const noexcept {
    return postings_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return sizeof *this + (size() == 0 ? 0 : rows_max * sizeof(row)) + postings() * sizeof(entry);
  }

 private:
  std::unique_ptr<row[]> rows_;  ///< Set before the first is counted.
  std::atomic<std::size_t> count_ = 0;
  std::atomic<std::uint64_t> postings_ = 0;
};

}  // namespace thespis::fields
