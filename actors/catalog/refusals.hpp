// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>

#include "actors/api/failure.hpp"

/// What the catalog says to requests that it does not serve.
namespace thespis::actors {

[[nodiscard]] inline caf::error absent(const std::string& collection) {
  return to_caf(error(errc::not_found, "collection '" + collection + "' doesn't exist"));
}

[[nodiscard]] inline caf::error only_alias(const std::string& alias) {
  return to_caf(error(errc::not_found, "collection '" + alias +
                                           "' doesn't exist: it is an alias, which is deleted by "
                                           "POST /collections/aliases"));
}

[[nodiscard]] inline caf::error not_now(const std::string& collection, const std::string& why) {
  return to_caf(error(errc::unavailable, "collection '" + collection + "': " + why));
}

}  // namespace thespis::actors
