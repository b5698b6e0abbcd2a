// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/point_id.hpp"
#include "core/vector_values.hpp"

namespace thespis {

/// A vector under its name; the unnamed vector of a collection has the name "".
/// Shape of `values`: dense [size]; multivector [rows * size], row by row; sparse [indices].
struct named_vector {
  std::string name;
  std::vector<float> values;
  std::vector<std::uint32_t> indices = {};  ///< Of a sparse vector: its dimensions, ascending.
  vector_shape shape = vector_shape::dense;
  element_type elements = element_type::float32;  ///< How they are stored.
  std::uint32_t size = 0;                         ///< Of a multivector's rows.

  friend bool operator==(const named_vector&, const named_vector&) = default;
};

/// A JSON object kept as compact UTF-8 text; empty text stands for "no payload".
struct payload {
  std::string json;

  [[nodiscard]] bool empty() const noexcept { return json.empty(); }
  friend bool operator==(const payload&, const payload&) = default;
};

/// What a user stores: an id, vectors sorted by name, and a payload.
struct point {
  point_id id;
  std::vector<named_vector> vectors;
  thespis::payload payload;

  friend bool operator==(const point&, const point&) = default;
};

/// A dense vector.
[[nodiscard]] named_vector dense_vector(std::vector<float> values, std::string name = {});

/// Finds the vector of that name, or null.
[[nodiscard]] const named_vector* find_vector(const std::vector<named_vector>& vectors,
                                              std::string_view name) noexcept;

}  // namespace thespis
