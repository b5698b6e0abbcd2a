// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string_view>
#include <vector>

#include "core/error.hpp"
#include "core/point.hpp"
#include "storage/bytes.hpp"

/// The vectors of a point as records and journal entries hold them.
namespace thespis::storage::codec::detail {

/// Writes each vector with its shape and in its elements; what these cannot hold must have been
/// rounded before.
void write_vectors(byte_writer& out, const std::vector<named_vector>& vectors);

/// Reads what `write_vectors` wrote. Errors: corruption, unsupported (of a later build).
[[nodiscard]] result<std::vector<named_vector>> read_vectors(byte_reader& in,
                                                             std::string_view what);

}  // namespace thespis::storage::codec::detail
