// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "apps/client/endpoint.hpp"

#include <charconv>

namespace thespis::client {

std::string endpoint::authority() const {
  const bool bare = host.find(':') == std::string::npos;
  return (bare ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::string endpoint::text() const { return "http://" + authority() + prefix; }

result<endpoint> parse_endpoint(std::string_view url) {
  const auto refuse = [&](const char* why) {
    return error(errc::invalid_argument, "'" + std::string(url) + "' is no server URL: " + why);
  };
  auto rest = url;
  if (rest.starts_with("https://"))
    return error(errc::unsupported,
                 "'" + std::string(url) + "': https is not supported; use http, or a tunnel");
  if (rest.starts_with("http://")) rest.remove_prefix(7);
  if (rest.find("://") != std::string_view::npos) return refuse("expected http://HOST:PORT");
  endpoint out;
  const auto slash = std::min(rest.find('/'), rest.size());
  out.prefix = rest.substr(slash);
  while (out.prefix.ends_with('/')) out.prefix.pop_back();
  for (const char c : out.prefix)
    if (c <= ' ' || c > '~' || c == '?' || c == '#') return refuse("the path is not plain");
  auto host = rest.substr(0, slash);
  std::string_view port;
  if (host.starts_with('[')) {
    const auto end = host.find(']');
    if (end == std::string_view::npos) return refuse("']' is missing");
    if (end + 1 < host.size() && host[end + 1] != ':') return refuse("expected ':' behind ']'");
    if (end + 1 < host.size()) port = host.substr(end + 2);
    if (end + 2 == host.size()) return refuse("the port is missing");
    host = host.substr(1, end - 1);
  } else if (const auto colon = host.find(':'); colon != std::string_view::npos) {
    port = host.substr(colon + 1);
    host = host.substr(0, colon);
    if (port.empty()) return refuse("the port is missing");
  }
  if (host.empty()) return refuse("the host is missing");
  for (const char c : host)
    if (c <= ' ' || c > '~' || c == '@' || c == '?' || c == '#') return refuse("no such host");
  out.host = host;
  if (port.empty()) return out;
  const auto [end, failure] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (failure != std::errc{} || end != port.data() + port.size() || out.port == 0)
    return refuse("the port is a number from 1 to 65535");
  return out;
}

std::string path_segment(std::string_view text) {
  constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += '%';
      out += hex[byte >> 4];
      out += hex[byte & 0xF];
    }
  }
  return out;
}

}  // namespace thespis::client
