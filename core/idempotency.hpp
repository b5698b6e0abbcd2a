// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include <string>
#include <string_view>

#include "core/error.hpp"
#include "core/fingerprint.hpp"

namespace thespis {

/// What makes a write repeatable: the key that its sender chose, and what was asked under it.
struct idempotency {
  std::string key;
  fingerprint request;

  friend bool operator==(const idempotency&, const idempotency&) = default;
};

/// Reads the value of an `Idempotency-Key` header: a structured string (`"abc"`) or the same
/// without quotes. Both name the key `abc`.
/// Source: draft-ietf-httpapi-idempotency-key-header, section 2.1; RFC 8941, section 3.3.3.
/// Errors: invalid_argument (empty, longer than `limits::idempotency_key_bytes_max`, a byte that is
/// no visible ASCII character, a broken quotation).
[[nodiscard]] result<std::string> parse_idempotency_key(std::string_view value);

}  // namespace thespis
