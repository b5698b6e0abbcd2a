// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/collection_rules.hpp"
#include "core/distance.hpp"
#include "core/error.hpp"
#include "core/ids.hpp"
#include "core/vector_values.hpp"

namespace thespis {

/// How an index weighs memory against speed. Values are stored and never reused.
enum class index_preset : std::uint8_t {
  balanced = 1,  ///< What must stay resident is at most 1.1 times the raw float32 vectors.
  fast = 2,      ///< At most 2.5 times.
};

/// "balanced" or "fast".
[[nodiscard]] std::string_view to_string(index_preset preset) noexcept;
/// Reads what `to_string` writes; none if it is something else.
[[nodiscard]] std::optional<index_preset> parse_preset(std::string_view name) noexcept;

/// Parameters of the graph index, in the dialect's terms.
/// Source: Malkov & Yashunin 2018, section 4.
struct hnsw_config {
  std::uint32_t m = 16;              ///< Links per node above the base layer; the base has 2 m.
  std::uint32_t ef_construct = 100;  ///< Candidates kept while a node is inserted.
  /// Units: KiB of raw vectors below which a search scans instead of walking the graph.
  std::uint32_t full_scan_threshold_kb = 1000;
  index_preset preset = index_preset::balanced;

  friend bool operator==(const hnsw_config&, const hnsw_config&) = default;
};

/// What the codes are made of that a search compares first. Values are stored and never reused.
enum class quantization_kind : std::uint8_t { none = 1, scalar = 2, binary = 3 };

/// Codes that were asked for. Where nothing was asked for, the index chooses.
struct quantization_config {
  quantization_kind kind = quantization_kind::none;
  /// Bits a dimension. Scalar: 8 or 4. Binary: 1 to 4; 0: not said, which means 1. None: 0.
  std::uint32_t bits = 0;
  /// Kept and told, without effect: our grids are per vector and have no tails to cut.
  std::optional<float> quantile;
  std::optional<bool> always_ram;  ///< Codes always lie in memory; see `validate`.

  /// Name of the quantizer plugin, or "none".
  [[nodiscard]] std::string_view quantizer() const noexcept;
  /// Bits a dimension for that plugin; 0 where its name says them.
  [[nodiscard]] std::uint32_t quantizer_bits() const noexcept;

  friend bool operator==(const quantization_config&, const quantization_config&) = default;
};

/// Slots of a generation that were assigned before something. None by default.
struct slot_mark {
  std::uint32_t generation = 0;
  slot_t end = 0;

  [[nodiscard]] bool covers(std::uint32_t of, slot_t slot) const noexcept {
    return of == generation && slot < end;
  }

  friend bool operator==(const slot_mark&, const slot_mark&) = default;
};

/// Where a node keeps one vector of a collection. Of this node alone: never in the journal.
struct vector_place {
  std::uint32_t number = 0;  ///< In the names of its files; never that of another one.
  slot_mark added;           ///< What rows of these slots have under its name is another vector's.

  friend bool operator==(const vector_place&, const vector_place&) = default;
};

/// One vector of every point: its name, length and distance.
struct vector_spec {
  std::string name;  ///< "" for the unnamed vector.
  std::uint32_t size = 0;
  distance metric = distance::cosine;
  element_type elements = element_type::float32;
  std::string index = "hnsw";                            ///< Name of the index plugin.
  std::optional<hnsw_config> hnsw;                       ///< Overrides the collection's.
  std::optional<quantization_config> quantization = {};  ///< Overrides the collection's.
  bool on_disk = false;  ///< Originals lie on disk; what searches compare first stays in memory.
  /// A point has several rows of `size`; it is as near as the sum, over the rows of the query, of
  /// each one's nearest row (the dialect's `max_sim`).
  bool multivector = false;
  /// Of its index: raised when that has to be made anew with other parameters. Names its file.
  std::uint32_t revision = 0;
  vector_place place = {};

  friend bool operator==(const vector_spec&, const vector_spec&) = default;
};

/// A sparse vector of points: weights of dimensions, compared by their inner product.
struct sparse_vector_spec {
  std::string name;
  bool idf = false;  ///< Weights of a query are multiplied by how rare their dimension is.
  element_type elements = element_type::float32;
  /// Kept and told, without effect: searches are exact and use the inverted index always.
  std::optional<std::uint32_t> full_scan_threshold = {};
  vector_place place = {};

  friend bool operator==(const sparse_vector_spec&, const sparse_vector_spec&) = default;
};

/// What a collection is made of.
struct collection_spec {
  std::vector<vector_spec> vectors;  ///< Dense ones and multivectors, sorted by name.
  std::vector<sparse_vector_spec> sparse_vectors = {};  ///< Sorted by name; no name is in both.
  hnsw_config hnsw;
  std::optional<quantization_config> quantization;  ///< Unset: the index chooses.
  std::string metadata = {};                        ///< A JSON object of the user; empty: none.
  collection_limits limits = {};
  std::optional<strict_mode> strict = {};
  std::uint32_t next_number = 0;  ///< Of a place.
  slot_mark dropped = {};         ///< Rows of these slots may have vectors that were dropped.

  /// Finds a vector that is not sparse by name, or null.
  [[nodiscard]] const vector_spec* find(std::string_view name) const noexcept;
  /// Finds a sparse vector by name, or null.
  [[nodiscard]] const sparse_vector_spec* find_sparse(std::string_view name) const noexcept;
  /// The graph parameters that hold for `vector`.
  [[nodiscard]] const hnsw_config& hnsw_for(const vector_spec& vector) const noexcept;
  /// The codes that were asked for `vector`; unset: its index chooses.
  [[nodiscard]] const std::optional<quantization_config>& quantization_for(
      const vector_spec& vector) const noexcept;

  friend bool operator==(const collection_spec&, const collection_spec&) = default;
};

/// Checks a collection's name: 1 to 255 bytes, no control characters, no '/', not "." or "..".
/// Errors: invalid_argument, too_large.
[[nodiscard]] result<void> validate_collection_name(std::string_view name);

/// Checks every number and name of `spec` against `core/limits.hpp`.
/// Errors: invalid_argument naming the field, the value and the range; unsupported for what cannot
/// be had: codes on disk beside vectors on disk, and rows of multivectors on disk.
[[nodiscard]] result<void> validate(const collection_spec& spec);

}  // namespace thespis
