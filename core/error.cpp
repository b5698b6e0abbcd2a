// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/error.hpp"

#include <boost/throw_exception.hpp>
#include <stdexcept>

namespace thespis {

std::string_view to_string(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return "invalid_argument";
    case errc::dimension_mismatch: return "dimension_mismatch";
    case errc::not_found: return "not_found";
    case errc::already_exists: return "already_exists";
    case errc::failed_precondition: return "failed_precondition";
    case errc::conflict: return "conflict";
    case errc::unsupported: return "unsupported";
    case errc::too_large: return "too_large";
    case errc::resource_exhausted: return "resource_exhausted";
    case errc::unauthenticated: return "unauthenticated";
    case errc::permission_denied: return "permission_denied";
    case errc::timeout: return "timeout";
    case errc::cancelled: return "cancelled";
    case errc::unavailable: return "unavailable";
    case errc::corruption: return "corruption";
    case errc::io: return "io";
    case errc::plugin: return "plugin";
    case errc::internal: return "internal";
    case errc::key_reused: return "key_reused";
    case errc::rate_limited: return "rate_limited";
  }
  return "unknown";
}

void throw_exception_from_error(const error& failure, const boost::source_location& where) {
  boost::throw_with_location(
      std::runtime_error(std::string(to_string(failure.code)) + ": " + failure.message), where);
}

}  // namespace thespis
