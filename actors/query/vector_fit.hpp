// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>

#include "core/collection_spec.hpp"
#include "core/error.hpp"
#include "core/point.hpp"

namespace thespis::actors {

/// "vector", or "vector 'NAME'".
[[nodiscard]] std::string describe_vector(const std::string& name);

/// Makes a vector that somebody has sent one of a collection: checks that its name is known and
/// that shape, size and values fit, and rounds values to what is stored of them.
/// Errors: invalid_argument, dimension_mismatch, too_large.
[[nodiscard]] result<void> fit_vector(const collection_spec& spec, named_vector& vector);

/// The same for a vector that points are compared with, which need not be rounded.
[[nodiscard]] result<void> fit_query(const vector_spec& spec, const named_vector& query);
[[nodiscard]] result<void> fit_query(const sparse_vector_spec& spec, const named_vector& query);

}  // namespace thespis::actors
