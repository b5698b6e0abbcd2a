// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "core/error.hpp"

namespace thespis::config {

/// HOST:PORT taken apart; an IPv6 address stands in brackets in the text and without them here.
struct listen_address {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads "127.0.0.1:6333", "localhost:0" or "[::1]:6333". Errors: invalid_argument.
[[nodiscard]] result<listen_address> parse_listen_address(std::string_view text);

/// True for 127.0.0.0/8, ::1 and the name localhost: hosts that only this machine reaches.
[[nodiscard]] bool is_loopback(std::string_view host);

}  // namespace thespis::config
