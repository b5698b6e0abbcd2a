// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/distance.hpp"
#include "core/error.hpp"

namespace thespis {

/// How the components of a stored vector are written. Values are stored and never reused.
enum class element_type : std::uint8_t { float32 = 1, float16 = 2, uint8 = 3 };

/// Parameters of the graph index, in the dialect's terms.
/// Source: Malkov & Yashunin 2018, section 4.
struct hnsw_config {
  std::uint32_t m = 16;              ///< Links per node above the base layer; the base has 2 m.
  std::uint32_t ef_construct = 100;  ///< Candidates kept while a node is inserted.
  /// Units: KiB of raw vectors below which a search scans instead of walking the graph.
  std::uint32_t full_scan_threshold_kb = 1000;

  friend bool operator==(const hnsw_config&, const hnsw_config&) = default;
};

/// One vector of every point: its name, length and distance.
struct vector_spec {
  std::string name;  ///< "" for the unnamed vector.
  std::uint32_t size = 0;
  distance metric = distance::cosine;
  element_type elements = element_type::float32;
  std::string index = "hnsw";       ///< Name of the index plugin.
  std::optional<hnsw_config> hnsw;  ///< Overrides the collection's.

  friend bool operator==(const vector_spec&, const vector_spec&) = default;
};

/// What a collection is made of; fixed at creation.
struct collection_spec {
  std::vector<vector_spec> vectors;  ///< Sorted by name.
  hnsw_config hnsw;

  /// Finds a vector by name, or null.
  [[nodiscard]] const vector_spec* find(std::string_view name) const noexcept;
  /// The graph parameters that hold for `vector`.
  [[nodiscard]] const hnsw_config& hnsw_for(const vector_spec& vector) const noexcept;

  friend bool operator==(const collection_spec&, const collection_spec&) = default;
};

/// Checks a collection's name: 1 to 255 bytes, no control characters, no '/', not "." or "..".
/// Errors: invalid_argument, too_large.
[[nodiscard]] result<void> validate_collection_name(std::string_view name);

/// Checks every number and name of `spec` against `core/limits.hpp`.
/// Errors: invalid_argument naming the field, the value and the range.
[[nodiscard]] result<void> validate(const collection_spec& spec);

}  // namespace thespis
