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

/// How far an upload is.
struct upload_status {
  std::uint64_t points = 0;    ///< Acknowledged, hence durable.
  std::uint64_t safe_row = 0;  ///< Every row before it is stored, or was before the first one read.
};

/// Told how far it is, a few times a second, from the calling thread; false ends the upload once
/// what is under way is answered.
using upload_observer = std::function<bool(const upload_status&)>;

/// How an upload went.
struct upload_outcome {
  std::uint64_t points = 0;  ///< As in `upload_status`.
  /// Set if it did not get to the end: what happened to the first batch that failed; cancelled if
  /// the observer ended it.
  std::optional<error> failure;
  std::uint64_t resume_row = 0;  ///< Every row before it is stored; only with `failure`.
};

/// Sends all points of `source`, several requests at a time. Where the server refuses a batch of
/// JSON, the points before the first bad one are stored, and that one is named.
[[nodiscard]] upload_outcome upload(point_source& source, const upload_options& options,
                                    const upload_observer& observer);

}  // namespace thespis::importer
