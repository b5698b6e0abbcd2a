// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "protocols/http/message.hpp"

namespace thespis::http {

std::string_view to_string(method value) noexcept {
  switch (value) {
    case method::get: return "GET";
    case method::head: return "HEAD";
    case method::put: return "PUT";
    case method::post: return "POST";
    case method::del: return "DELETE";
    case method::patch: return "PATCH";
    case method::options: return "OPTIONS";
    case method::other: return "other";
  }
  return "other";
}

}  // namespace thespis::http
