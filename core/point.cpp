// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/point.hpp"

namespace thespis {

const std::vector<float>* find_vector(const std::vector<named_vector>& vectors,
                                      std::string_view name) noexcept {
  for (const auto& vector : vectors)
    if (vector.name == name) return &vector.values;
  return nullptr;
}

}  // namespace thespis
