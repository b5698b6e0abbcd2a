// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/access_rules.hpp"

#include <algorithm>

namespace thespis::http {

namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (auto& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// Cuts ":port" off, and the brackets of an IPv6 address.
std::string_view without_port(std::string_view host) {
  if (!host.empty() && host.front() == '[') {
    const auto close = host.find(']');
    return close == std::string_view::npos ? host : host.substr(1, close - 1);
  }
  // More than one colon without brackets is an IPv6 address, which has no port.
  const auto colon = host.find(':');
  if (colon == std::string_view::npos || colon != host.rfind(':')) return host;
  return host.substr(0, colon);
}

bool is_loopback_name(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "::1";
}

bool contains(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool equal_in_constant_time(std::string_view given, std::string_view expected) noexcept {
  unsigned difference = given.size() == expected.size() ? 0u : 1u;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const char c = i < given.size() ? given[i] : '\0';
    difference |= static_cast<unsigned char>(c) ^ static_cast<unsigned char>(expected[i]);
  }
  return difference == 0;
}

std::string_view bearer_token(std::string_view authorization) noexcept {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() < scheme.size()) return {};
  for (std::size_t i = 0; i < scheme.size(); ++i) {
    const char c = authorization[i];
    const char folded = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (folded != scheme[i]) return {};
  }
  authorization.remove_prefix(scheme.size());
  while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
  return authorization;
}

access_rules::access_rules(const config::server& server, const config::security& security,
                           std::string_view listen_host, std::string_view listen_address)
    : api_key_(security.api_key) {
  for (const auto& host : server.allowed_hosts) hosts_.push_back(lower(host));
  hosts_.push_back(lower(listen_host));
  hosts_.push_back(lower(listen_address));
  for (const auto& origin : server.allowed_origins) origins_.push_back(lower(origin));
}

bool access_rules::key_fits(std::string_view api_key, std::string_view authorization) const {
  if (api_key_.empty()) return true;
  // Both are compared, so that the time does not tell which header was looked at.
  const bool plain = equal_in_constant_time(api_key, api_key_);
  const bool bearer = equal_in_constant_time(bearer_token(authorization), api_key_);
  return plain || bearer;
}

bool access_rules::host_allowed(std::string_view host, std::string_view local_address) const {
  const auto name = lower(without_port(host));
  if (name.empty()) return false;
  return is_loopback_name(name) || name == local_address || contains(hosts_, name) ||
         contains(hosts_, lower(host));
}

bool access_rules::origin_allowed(std::string_view origin, std::string_view local_address) const {
  const auto name = lower(origin);
  if (contains(origins_, name)) return true;
  const auto scheme_end = name.find("://");
  if (scheme_end == std::string::npos) return false;
  const auto scheme = std::string_view(name).substr(0, scheme_end);
  if (scheme != "http" && scheme != "https") return false;
  const auto host = without_port(std::string_view(name).substr(scheme_end + 3));
  return is_loopback_name(host) || host == local_address || contains(hosts_, host);
}

}  // namespace thespis::http
