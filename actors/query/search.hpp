// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>

#include "actors/query/view.hpp"
#include "core/error.hpp"
#include "core/search_request.hpp"

namespace thespis::actors {

/// Bytes of vectors that a search will read, as far as can be told before it runs. A search that
/// walks a graph reads little; one that scans reads every row.
[[nodiscard]] std::uint64_t estimate_bytes(const view& source, const search_request& request);

/// Answers a search from one view: the index for what it covers, an exact scan for the rest, then
/// payloads and vectors from one storage snapshot. A hit whose point died or got another vector
/// since the view was made is dropped and replaced by the next one.
/// Errors: not_found (target point), dimension_mismatch, invalid_argument (vector name, NaN or
/// infinity), plugin, io, corruption.
/// Thread: any number at once.
[[nodiscard]] result<search_reply> search(const view& source, const search_request& request);

}  // namespace thespis::actors
