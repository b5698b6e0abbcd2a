// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <span>

#include "core/error.hpp"

namespace thespis {

/// Checks that distances to a vector can be computed: its numbers are finite and its length is at
/// most `limits::vector_length_max`.
/// Errors: invalid_argument, with a message to put after the vector's name.
[[nodiscard]] result<void> check_values(std::span<const float> values);

}  // namespace thespis
