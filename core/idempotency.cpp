// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/idempotency.hpp"

#include "core/limits.hpp"

namespace thespis {

namespace {

error refused(const std::string& why) {
  return {errc::invalid_argument, "Idempotency-Key: " + why};
}

// The text between the quotes.
result<std::string> unquote(std::string_view quoted) {
  std::string out;
  for (std::size_t i = 1; i < quoted.size(); ++i) {
    const char c = quoted[i];
    if (c == '"') {
      if (i + 1 == quoted.size()) return out;
      return refused("something follows the closing quote");
    }
    if (c != '\\') {
      out += c;
      continue;
    }
    ++i;
    if (i == quoted.size() || (quoted[i] != '"' && quoted[i] != '\\'))
      return refused("a backslash may stand before a quote or a backslash only");
    out += quoted[i];
  }
  return refused("the closing quote is missing");
}

}  // namespace

result<std::string> parse_idempotency_key(std::string_view value) {
  std::string key(value);
  if (value.starts_with('"')) {
    THESPIS_TRY(key, unquote(value));
  }
  if (key.empty()) return refused("it is empty, expected 1 to 255 visible ASCII characters");
  if (key.size() > limits::idempotency_key_bytes_max)
    return refused("it has " + std::to_string(key.size()) + " bytes, at most " +
                   std::to_string(limits::idempotency_key_bytes_max));
  for (std::size_t i = 0; i < key.size(); ++i)
    if (key[i] <= ' ' || key[i] > '~')
      return refused("byte " + std::to_string(i) + " is no visible ASCII character");
  return key;
}

}  // namespace thespis
