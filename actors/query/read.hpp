// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/read_request.hpp"

namespace thespis::actors {

/// Reads points of a view by id. Errors: invalid_argument (a vector name), io,
/// corruption.
[[nodiscard]] result<retrieve_reply> retrieve(const view& source, const retrieve_request& request);

/// Reads one page of points in id order. Errors: as `retrieve`.
[[nodiscard]] result<scroll_reply> scroll(const view& source, const scroll_request& request);

/// Whether the view has a point. Errors: io, corruption.
[[nodiscard]] result<bool> exists(const view& source, const point_id& id);

/// Checks that every name of `selector` is a vector of the collection. Errors:
/// invalid_argument.
[[nodiscard]] result<void> check_selector(const view& source, const vector_selector& selector);

/// What to tell whoever named a vector that the collection does not have.
[[nodiscard]] std::string no_vector(const view& source, std::string_view name);

/// Leaves only the vectors that `selector` names.
void select_vectors(std::vector<named_vector>& vectors, const vector_selector& selector);

}  // namespace thespis::actors
