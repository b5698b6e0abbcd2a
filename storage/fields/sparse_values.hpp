// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "core/error.hpp"
#include "core/limits.hpp"
#include "storage/fields/sparse_index.hpp"

namespace thespis::fields {

/// Whether a sparse vector may be stored or asked for. Errors: invalid_argument, too_large.
[[nodiscard]] inline result<void> check_values(std::span<const std::uint32_t> indices,
                                               std::span<const float> values) {
  if (indices.size() != values.size())
    return error(errc::invalid_argument, "sparse vector has " + std::to_string(indices.size()) +
                                             " indices and " + std::to_string(values.size()) +
                                             " values");
  if (indices.size() > sparse_index::values_max)
    return error(errc::too_large, "sparse vector has " + std::to_string(indices.size()) +
                                      " values, at most " +
                                      std::to_string(sparse_index::values_max));
  for (std::size_t at = 0; at < indices.size(); ++at) {
    if (at > 0 && indices[at] <= indices[at - 1])
      return error(errc::invalid_argument,
                   "indices of a sparse vector do not ascend: " + std::to_string(indices[at]) +
                       " after " + std::to_string(indices[at - 1]));
    if (!(std::abs(values[at]) <= limits::vector_length_max))
      return error(errc::invalid_argument, "value of dimension " + std::to_string(indices[at]) +
                                               " of a sparse vector is not a number within " +
                                               std::to_string(limits::vector_length_max));
  }
  return ok();
}

}  // namespace thespis::fields
