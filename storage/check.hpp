// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/error.hpp"
#include "core/health.hpp"
#include "storage/collection_store.hpp"

namespace thespis::storage {

/// A check of stored rows in short steps, each of which reads one snapshot. It changes nothing, and
/// others may write meanwhile: what they change between two steps is not taken for damage.
/// Thread: one thread at a time.
class stored_check {
 public:
  virtual ~stored_check() = default;

  /// Reads about `bytes_max` more. Returns how many bytes were read; 0: all has been read.
  /// Errors: what keeps it from reading (io, resource_exhausted); damage is a finding.
  [[nodiscard]] virtual result<std::size_t> step(std::size_t bytes_max) = 0;

  /// How much has been read, from 0 to 1.
  [[nodiscard]] virtual double share() const noexcept = 0;

  /// What was found so far.
  [[nodiscard]] virtual std::vector<health_component> found() const = 0;
};

/// Sees every point whose record is sound, in the snapshot of the step that reads it.
using point_visitor = std::function<void(const point_id&, const point_record&)>;

}  // namespace thespis::storage
