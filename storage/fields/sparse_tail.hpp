// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <array>
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

  /// One vector.
  struct row {
    slot_t slot = no_slot;
    std::vector<std::uint32_t> indices;
    std::vector<float> values;
  };

  /// Whether nothing more should be appended.
  [[nodiscard]] bool full() const noexcept {
    return size() == rows_max || postings() >= postings_max;
  }

  /// Adds a row to one that is not full.
  void append(slot_t slot, std::span<const std::uint32_t> indices, std::span<const float> values) {
    const auto at = rows_count_.load(std::memory_order_relaxed);
    rows_[at] = std::make_unique<const row>(
        row{slot, {indices.begin(), indices.end()}, {values.begin(), values.end()}});
    postings_.store(postings() + indices.size(), std::memory_order_relaxed);
    rows_count_.store(at + 1, std::memory_order_release);
  }

  /// Rows that may be read, in ascending order of slots.
  [[nodiscard]] std::size_t size() const noexcept {
    return rows_count_.load(std::memory_order_acquire);
  }
  [[nodiscard]] const row& at(std::size_t index) const noexcept { return *rows_[index]; }
  [[nodiscard]] std::uint64_t postings() const noexcept {
    return postings_.load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bytes() const noexcept {
    return sizeof *this + size() * sizeof(row) +
           postings() * (sizeof(std::uint32_t) + sizeof(float));
  }

 private:
  std::array<std::unique_ptr<const row>, rows_max> rows_;
  std::atomic<std::size_t> rows_count_ = 0;
  std::atomic<std::uint64_t> postings_ = 0;
};

}  // namespace thespis::fields
