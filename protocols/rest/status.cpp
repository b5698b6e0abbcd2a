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
  }
  return 500;
}

}  // namespace thespis::rest
