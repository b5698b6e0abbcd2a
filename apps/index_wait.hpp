// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>

#include "apps/client/http_client.hpp"
#include "apps/importer/progress.hpp"
#include "apps/stop_signal.hpp"
#include "core/error.hpp"

namespace thespis::apps {

/// Waits until the indexes of a collection hold every vector.
/// Errors: timeout after `timeout_s`; cancelled; internal (the collection has failed); as
/// `client::call`.
[[nodiscard]] result<void> wait_indexed(client::http_client& client, const std::string& collection,
                                        std::uint32_t timeout_s, const stop_signal& stop,
                                        importer::progress_line& line);

}  // namespace thespis::apps
