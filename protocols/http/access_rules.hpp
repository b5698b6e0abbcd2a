// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.hpp"

namespace thespis::http {

/// Compares in a time that depends on the lengths only.
[[nodiscard]] bool equal_in_constant_time(std::string_view given,
                                          std::string_view expected) noexcept;

/// Takes the token out of `Authorization: Bearer TOKEN`; empty if it is not of that kind.
[[nodiscard]] std::string_view bearer_token(std::string_view authorization) noexcept;

/// Who may ask: the API key, and the Host and Origin values that keep a web page of somebody else
/// from talking to a server on this machine.
/// Thread: const members may be called from any thread.
class access_rules {
 public:
  /// `listen_host` and `listen_address` are always allowed, like the loopback names.
  access_rules(const config::server& server, const config::security& security,
               std::string_view listen_host, std::string_view listen_address);

  /// True if no key is needed or one of the two headers carries it.
  [[nodiscard]] bool key_fits(std::string_view api_key, std::string_view authorization) const;

  /// Judges a Host header, with or without port. `local_address` is the address at which the
  /// connection came in: whoever typed it meant this server.
  [[nodiscard]] bool host_allowed(std::string_view host, std::string_view local_address) const;

  /// Judges an Origin header such as `http://localhost:3000`.
  [[nodiscard]] bool origin_allowed(std::string_view origin, std::string_view local_address) const;

 private:
  std::string api_key_;
  std::vector<std::string> hosts_;    // lower case
  std::vector<std::string> origins_;  // lower case
};

}  // namespace thespis::http
