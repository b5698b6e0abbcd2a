// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <string>

#include "apps/client/http_client.hpp"
#include "apps/importer/point_source.hpp"
#include "core/error.hpp"

namespace thespis::importer {

/// Where points go and how many at a time.
struct upload_options {
  client::endpoint server;
  client::client_options client;
  std::string collection;
  std::size_t batch_rows = 1000;
  std::size_t batch_bytes_max = 16u << 20;  ///< Of vectors; lowers `batch_rows` for long ones.
  unsigned connections = 4;
  std::uint64_t rows_max = std::numeric_limits<std::uint64_t>::max();
  unsigned attempts = 10;  ///< Per batch, while the server answers that it is busy.
};

/// How an upload went.
struct upload_outcome {
  std::uint64_t points = 0;  ///< Acknowledged, hence durable.
  /// Set if it did not get to the end: what happened to the first batch that failed.
  std::optional<error> failure;
  std::uint64_t resume_row = 0;  ///< Every row before it is stored; only with `failure`.
};

/// Sends all points of `source`, several requests at a time, and calls `progress` with the number
/// acknowledged so far, a few times a second, from the calling thread.
[[nodiscard]] upload_outcome upload(point_source& source, const upload_options& options,
                                    const std::function<void(std::uint64_t points)>& progress);

}  // namespace thespis::importer
