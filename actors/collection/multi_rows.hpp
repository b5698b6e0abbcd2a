// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "actors/query/view.hpp"
#include "core/collection_info.hpp"
#include "core/error.hpp"
#include "core/mutation.hpp"
#include "plugins/host/registry.hpp"

namespace thespis::actors {

/// The multivectors of a collection in memory: for each name the rows of all points. A row is never
/// changed or reused; those of points that went stay until the collection is loaded again.
/// Thread: one writer.
class multi_rows {
 public:
  /// Errors: not_found (no compute plugin), resource_exhausted.
  [[nodiscard]] result<void> open(const collection_spec& spec, const plugins::registry& plugins);

  [[nodiscard]] bool empty() const noexcept { return all_.empty(); }

  /// Takes what the rows of these effects need, so that `put` does not fail.
  /// Errors: too_large, resource_exhausted.
  [[nodiscard]] result<void> reserve(std::span<const effect> effects);

  /// Takes those of a point's vectors that are multivectors; returns how many.
  /// Errors: those of the arena.
  [[nodiscard]] result<std::size_t> put(slot_t slot, std::span<const named_vector> vectors);

  [[nodiscard]] std::vector<multi_view> views() const;
  void tell(slot_t end, std::vector<vector_index_info>& indexes) const;

  /// What rows take now.
  [[nodiscard]] std::uint64_t bytes() const noexcept;
  /// What the rows of a point will take.
  [[nodiscard]] std::uint64_t bytes_of(const point& written) const noexcept;

 private:
  struct one {
    vector_spec spec;
    hnsw_config hnsw;
    std::shared_ptr<plugins::arena> arena;
    row_table rows;
    std::shared_ptr<const plugins::compute> compute;
  };

  std::vector<one> all_;  // in the order of the spec
};

}  // namespace thespis::actors
