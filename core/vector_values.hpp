// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "core/error.hpp"

namespace thespis {

/// How the values of a vector are arranged. Values are stored and never reused.
enum class vector_shape : std::uint8_t { dense = 1, sparse = 2, multivector = 3 };

/// How the components of a stored vector are written. Values are stored and never reused.
enum class element_type : std::uint8_t { float32 = 1, float16 = 2, uint8 = 3 };

/// "float32", "float16" or "uint8".
[[nodiscard]] std::string_view to_string(element_type elements) noexcept;

/// Checks that distances to a vector can be computed: its numbers are finite and its length is at
/// most `limits::vector_length_max`.
/// Errors: invalid_argument, with a message to put after the vector's name.
[[nodiscard]] result<void> check_values(std::span<const float> values);

/// Makes of each value what will be stored of it: the nearest float16, or for uint8 the whole part,
/// as in the dialect. Errors: invalid_argument for what the type has no value for.
[[nodiscard]] result<void> round_values(std::span<float> values, element_type elements);

/// Puts a sparse vector in order: dimensions ascending, values with them.
/// Errors: invalid_argument if the lengths differ or a dimension occurs twice.
[[nodiscard]] result<void> sort_sparse(std::vector<std::uint32_t>& indices,
                                       std::vector<float>& values);

}  // namespace thespis
