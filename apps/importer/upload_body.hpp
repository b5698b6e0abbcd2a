// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>
#include <string_view>

#include "apps/importer/point_source.hpp"
#include "core/error.hpp"

namespace thespis::importer {

/// The body of an upsert request.
struct upload_body {
  std::string bytes;
  std::string_view content_type;
};

/// Writes a batch as a binary upload, or as JSON if its points have several vectors, which that
/// format does not carry. Errors: invalid_argument, too_large.
[[nodiscard]] result<upload_body> encode_upload(const point_batch& batch);

}  // namespace thespis::importer
