// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::http {

/// Where a server listens.
struct listen_address {
  std::string host;  ///< Name or address, without brackets.
  std::uint16_t port = 0;
};

/// Reads `HOST:PORT` or `[IPV6]:PORT`. Errors: invalid_argument.
[[nodiscard]] result<listen_address> parse_listen_address(std::string_view text);

}  // namespace thespis::http
