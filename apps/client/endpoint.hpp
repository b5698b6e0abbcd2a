// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::client {

/// A server's URL taken apart.
struct endpoint {
  std::string host;  ///< Without brackets.
  std::uint16_t port = 6333;
  std::string prefix;  ///< Path before every target, without a slash at its end.

  /// "http://host:port/prefix".
  [[nodiscard]] std::string text() const;
  /// HOST:PORT as the Host header has it.
  [[nodiscard]] std::string authority() const;
};

/// Reads "http://HOST[:PORT][/PREFIX]"; the scheme may be left out, the port is 6333 unless given.
/// Errors: invalid_argument; unsupported for https.
[[nodiscard]] result<endpoint> parse_endpoint(std::string_view url);

/// Writes text as one segment of a path: everything but letters, digits, '-', '.', '_' and '~' is
/// percent-encoded.
[[nodiscard]] std::string path_segment(std::string_view text);

}  // namespace thespis::client
