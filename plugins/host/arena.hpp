// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/distance.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"

namespace thespis::plugins {

/// The vectors of one vector name in memory: append-only chunks of aligned rows, addressed by
/// slot and lent to index plugins. For cosine a row also carries its inverse Euclidean norm, so
/// that stored vectors stay as given.
/// Shape: row `slot` is float32 [dimension], 64-byte aligned, padded with zeros to the stride.
/// Thread: one writer appends; any thread reads rows that were appended before it learnt of them.
/// A row never moves and never changes once a reader knows of it.
class arena {
 public:
  /// Errors: invalid_argument (dimension out of range), resource_exhausted (address space).
  [[nodiscard]] static result<std::shared_ptr<arena>> create(std::uint32_t dimension,
                                                             distance metric);
  ~arena();
  arena(const arena&) = delete;
  arena& operator=(const arena&) = delete;

  /// Writes the row of `slot` and makes room for it if need be; slots may be skipped (a skipped
  /// row is all zeros and belongs to a dead slot).
  /// Errors: dimension_mismatch, too_large (`limits::slots_max`), resource_exhausted.
  [[nodiscard]] result<void> put(slot_t slot, std::span<const float> values);

  /// Makes every row below `end` exist, zeros where nothing was put. A saved index may name slots
  /// that died since: extend to its `next_slot` before it is loaded.
  /// Errors: too_large, resource_exhausted.
  [[nodiscard]] result<void> extend(slot_t end);

  /// Rows below it exist.
  [[nodiscard]] slot_t end_slot() const noexcept;

  /// The row of `slot`, which is below `end_slot()`: `dimension()` floats.
  [[nodiscard]] const float* row(slot_t slot) const noexcept;

  [[nodiscard]] std::uint32_t dimension() const noexcept;
  [[nodiscard]] distance metric() const noexcept;
  /// Memory taken for rows, in bytes.
  [[nodiscard]] std::size_t bytes() const noexcept;

 private:
  friend class index;
  struct impl;
  explicit arena(std::unique_ptr<impl> parts);
  std::unique_ptr<impl> impl_;
};

}  // namespace thespis::plugins
