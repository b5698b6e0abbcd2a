// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/rest/status.hpp"

namespace thespis::rest {

unsigned http_status(errc code) noexcept {
  switch (code) {
    case errc::invalid_argument: return 400;
    case errc::dimension_mismatch: return 400;
    case errc::not_found: return 404;
    case errc::already_exists: return 409;
    case errc::failed_precondition: return 409;
    case errc::conflict: return 409;
    case errc::unsupported: return 400;
    case errc::too_large: return 413;
    case errc::resource_exhausted: return 507;
    case errc::unauthenticated: return 401;
    case errc::permission_denied: return 403;
    case errc::timeout: return 504;
    case errc::cancelled: return 503;
    case errc::unavailable: return 503;
    case errc::corruption: return 500;
    case errc::io: return 500;
    case errc::plugin: return 500;
    case errc::internal: return 500;
    case errc::key_reused: return 422;
    case errc::rate_limited: return 429;
  }
  return 500;
}

errc code_of_status(unsigned status) noexcept {
  switch (status) {
    case 401: return errc::unauthenticated;
    case 403: return errc::permission_denied;
    case 404: return errc::not_found;
    case 408: return errc::timeout;
    case 405:
    case 415:
    case 417:
    case 501:
    case 505: return errc::unsupported;
    case 413:
    case 431: return errc::too_large;
    case 422: return errc::key_reused;
    case 429: return errc::resource_exhausted;
    case 503: return errc::unavailable;
    case 507: return errc::resource_exhausted;
    default: return status < 500 ? errc::invalid_argument : errc::internal;
  }
}

}  // namespace thespis::rest
