// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "plugins/host/status.hpp"

#include <algorithm>
#include <cstring>

namespace thespis::plugins {
namespace {

errc code_of(thespis_status status) noexcept {
  if (status == THESPIS_OUT_OF_MEMORY) return errc::resource_exhausted;
  if (status == THESPIS_CORRUPTION) return errc::corruption;
  if (status == THESPIS_CANCELLED) return errc::cancelled;
  return errc::plugin;
}

}  // namespace

std::string printable(const char* text, std::size_t bytes_max) {
  std::string clean;
  for (std::size_t i = 0; i < bytes_max && text[i] != '\0'; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    clean += byte < 0x20 || byte == 0x7F ? '?' : text[i];
  }
  return clean;
}

error plugin_error(const std::string& plugin, const char* call, thespis_status status,
                   const thespis_failure& failure) {
  auto reason = printable(failure.message, sizeof(failure.message));
  if (reason.empty()) reason = "status " + std::to_string(status) + " without a message";
  return {code_of(status), "plugin '" + plugin + "': " + call + ": " + reason};
}

void say(thespis_failure& failure, const std::string& message) noexcept {
  const auto bytes = std::min(message.size(), sizeof(failure.message) - 1);
  std::memcpy(failure.message, message.data(), bytes);
  failure.message[bytes] = '\0';
}

}  // namespace thespis::plugins
