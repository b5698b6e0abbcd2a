// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/uuid.hpp"

#include <sys/random.h>

#include <cstddef>

#include "core/assert.hpp"

namespace thespis {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::string_view urn_prefix = "urn:uuid:";

int digit_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool dash_before(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

}  // namespace

uuid uuid::random() {
  uuid id;
  const auto got = ::getrandom(id.bytes.data(), id.bytes.size(), 0);
  THESPIS_ASSERT(got == static_cast<ssize_t>(id.bytes.size()));
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0F) | 0x40);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3F) | 0x80);
  return id;
}

std::optional<uuid> uuid::parse(std::string_view text) noexcept {
  if (text.starts_with(urn_prefix)) text.remove_prefix(urn_prefix.size());
  const bool dashes = text.size() == 36;
  if (!dashes && text.size() != 32) return std::nullopt;
  uuid id;
  std::size_t at = 0;
  for (std::size_t byte = 0; byte < id.bytes.size(); ++byte) {
    if (dashes && dash_before(byte) && text[at++] != '-') return std::nullopt;
    const int high = digit_value(text[at]);
    const int low = digit_value(text[at + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    id.bytes[byte] = static_cast<std::uint8_t>(high * 16 + low);
    at += 2;
  }
  return id;
}

std::string uuid::text() const {
  std::string out;
  out.reserve(36);
  for (std::size_t byte = 0; byte < bytes.size(); ++byte) {
    if (dash_before(byte)) out += '-';
    out += digits[bytes[byte] >> 4];
    out += digits[bytes[byte] & 15];
  }
  return out;
}

}  // namespace thespis
