// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/listen_address.hpp"

#include <charconv>

namespace thespis::http {

result<listen_address> parse_listen_address(std::string_view text) {
  const error refusal(errc::invalid_argument, "server.listen '" + std::string(text) +
                                                  "': expected HOST:PORT or [IPV6]:PORT");
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return refusal;
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  if (host.front() == '[') {
    if (host.size() < 3 || host.back() != ']') return refusal;
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return refusal;
  }
  listen_address out;
  out.host = host;
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
  if (digits.empty() || failure != std::errc{} || end != digits.data() + digits.size())
    return refusal;
  return out;
}

}  // namespace thespis::http
