// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <boost/json/value.hpp>
#include <optional>
#include <string>

#include "apps/client/http_client.hpp"

namespace thespis::client {

/// Sends a request with a JSON body (or none) and returns the `result` of the answer's envelope.
/// Errors: as `http_client::send`; for an answer that is not 2xx the kind that its status stands
/// for, with the server's own message; io for an answer that is not ours.
[[nodiscard]] result<boost::json::value> call(http_client& client, method verb,
                                              const std::string& target,
                                              const std::optional<boost::json::value>& body = {});

/// Sends a request and returns the whole answer once its status is 2xx; waits as long as the server
/// asks while it is busy (429, 503), at most `attempts` times. Errors: as `call`.
[[nodiscard]] result<std::string> fetch(http_client& client, const http_request& request,
                                        unsigned attempts = 10);

/// The error that an answer which is not 2xx stands for.
[[nodiscard]] error failure_of(const http_client& client, const http_response& answer);

/// "/collections/NAME", percent-encoded.
[[nodiscard]] std::string collection_path(std::string_view name);

}  // namespace thespis::client
