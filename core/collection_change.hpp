// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/collection_spec.hpp"
#include "core/point.hpp"

namespace thespis {

/// A change of graph parameters; what is unset stays.
struct hnsw_change {
  std::optional<std::uint32_t> m = {};
  std::optional<std::uint32_t> ef_construct = {};
  std::optional<std::uint32_t> full_scan_threshold_kb = {};
  std::optional<index_preset> preset = {};

  [[nodiscard]] bool empty() const noexcept {
    return !m && !ef_construct && !full_scan_threshold_kb && !preset;
  }
  [[nodiscard]] hnsw_config over(const hnsw_config& base) const noexcept {
    return {m.value_or(base.m), ef_construct.value_or(base.ef_construct),
            full_scan_threshold_kb.value_or(base.full_scan_threshold_kb),
            preset.value_or(base.preset)};
  }
};

/// A change of one vector that is not sparse.
struct vector_change {
  std::string name;
  std::optional<hnsw_change> hnsw = {};  ///< Empty: the collection's hold again.
  std::optional<quantization_config> quantization = {};
  std::optional<bool> on_disk = {};
};

/// A change of one sparse vector.
struct sparse_vector_change {
  std::string name;
  std::optional<bool> idf = {};
  std::optional<element_type> elements = {};
  std::optional<std::uint32_t> full_scan_threshold = {};
};

/// A vector that a collection gets; its points lack it at first.
struct vector_addition {
  vector_spec spec;
  hnsw_change hnsw = {};  ///< Empty: the collection's hold.
};

/// A change of a collection; what is unset stays.
struct collection_change {
  std::vector<std::string> dropped;  ///< Names of vectors of any kind.
  std::vector<vector_addition> added;
  std::vector<sparse_vector_spec> added_sparse;
  std::vector<vector_change> vectors;
  std::vector<sparse_vector_change> sparse_vectors;
  hnsw_change hnsw;
  std::optional<quantization_config> quantization;
  std::optional<payload> metadata;  ///< Merged key by key; without keys: none from then on.
  std::optional<collection_limits> limits;
  std::optional<strict_mode> strict;  ///< What is set in it takes the place of what was.

  /// Whether vectors come or go.
  [[nodiscard]] bool reshapes() const noexcept {
    return !dropped.empty() || !added.empty() || !added_sparse.empty();
  }
};

/// What a collection of `spec` becomes by `change`. Vectors whose index has to be made anew get
/// another revision. Errors: not_found (a vector), already_exists (one that is added), those of
/// `validate`, unsupported (another datatype of a sparse vector).
[[nodiscard]] result<collection_spec> altered(const collection_spec& spec,
                                              const collection_change& change);

/// Gives the vectors of `after` their places: those that `before` has keep theirs, others get new
/// ones. `now` covers every slot that was assigned.
void place_vectors(const collection_spec& before, collection_spec& after, const slot_mark& now);

}  // namespace thespis
