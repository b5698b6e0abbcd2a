// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/point_id.hpp"

namespace thespis {

/// A dense float32 vector under its name; the unnamed vector of a collection has the name "".
struct named_vector {
  std::string name;
  std::vector<float> values;

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

/// Finds the values stored under `name`, or null.
[[nodiscard]] const std::vector<float>* find_vector(const std::vector<named_vector>& vectors,
                                                    std::string_view name) noexcept;

}  // namespace thespis
