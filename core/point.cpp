// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/point.hpp"

#include <utility>

namespace thespis {

named_vector dense_vector(std::vector<float> values, std::string name) {
  named_vector vector;
  vector.name = std::move(name);
  vector.values = std::move(values);
  return vector;
}

const named_vector* find_vector(const std::vector<named_vector>& vectors,
                                std::string_view name) noexcept {
  for (const auto& vector : vectors)
    if (vector.name == name) return &vector;
  return nullptr;
}

}  // namespace thespis
