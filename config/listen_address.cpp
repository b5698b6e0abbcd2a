// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "config/listen_address.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>

namespace thespis::config {

result<listen_address> parse_listen_address(std::string_view text) {
  const auto refuse = [&](const char* why) {
    return error(errc::invalid_argument, "'" + std::string(text) + "' is no address: " + why);
  };
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return refuse("expected HOST:PORT");
  auto host = text.substr(0, colon);
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (failure != std::errc{} || end != digits.data() + digits.size() || digits.empty())
    return refuse("the port is a number from 0 to 65535");
  if (host.size() >= 2 && host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
    if (host.find(':') == std::string_view::npos) return refuse("brackets hold an IPv6 address");
  } else if (host.find_first_of(":[]") != std::string_view::npos) {
    return refuse("an IPv6 address stands in brackets, such as [::1]:6333");
  }
  if (host.empty()) return refuse("the host is missing; 0.0.0.0 stands for all interfaces");
  const auto is_odd = [](char c) {
    return c <= ' ' || c == '\x7F' || std::string_view("/@?#[]").find(c) != std::string_view::npos;
  };
  if (host.size() > 255 || std::any_of(host.begin(), host.end(), is_odd))
    return refuse("the host is no name and no address");
  return listen_address{std::string(host), port};
}

bool is_loopback(std::string_view host) {
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) == 1) return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
  return host == "localhost";
}

}  // namespace thespis::config
