// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/printable.hpp"

#include <array>
#include <cstdint>

namespace thespis {

namespace {

struct code_point {
  std::uint32_t value = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// Reads the code point at the front of `text`, which is not empty.
code_point front(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::uint32_t first = at(0);
  if (first < 0x80) return {first, 1};
  const std::size_t bytes = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < bytes) return {};
  std::uint32_t value = first & (0x7Fu >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((at(i) & 0xC0) != 0x80) return {};
    value = value << 6 | (at(i) & 0x3Fu);
  }
  constexpr std::array<std::uint32_t, 5> least = {0, 0, 0x80, 0x800, 0x10000};
  if (value < least[bytes] || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return {};
  return {value, bytes};
}

// Characters that would move a terminal's cursor, end a line or reorder the text around them.
bool needs_escape(std::uint32_t value) {
  return value < 0x20 || (value >= 0x7F && value < 0xA0) || value == 0x2028 || value == 0x2029 ||
         (value >= 0x200B && value <= 0x200F) || (value >= 0x202A && value <= 0x202E) ||
         (value >= 0x2066 && value <= 0x2069) || value == 0xFEFF;
}

void append_hex(std::string& out, std::uint32_t value, int digits) {
  constexpr std::string_view hex = "0123456789abcdef";
  for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4) out += hex[value >> shift & 0xF];
}

}  // namespace

bool is_utf8(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto next = front(text);
    if (next.bytes == 0) return false;
    text.remove_prefix(next.bytes);
  }
  return true;
}

void append_printable(std::string& out, std::string_view text, text_form form) {
  const bool json = form == text_form::json;
  while (!text.empty()) {
    const auto next = front(text);
    if (next.bytes == 0) {
      if (json) {
        out += "\\ufffd";
      } else {
        out += "\\x";
        append_hex(out, static_cast<unsigned char>(text[0]), 2);
      }
      text.remove_prefix(1);
      continue;
    }
    if (next.value == '\n') {
      out += "\\n";
    } else if (next.value == '\t') {
      out += "\\t";
    } else if (needs_escape(next.value)) {
      out += "\\u";
      append_hex(out, next.value, 4);
    } else if (next.value == '\\' || (json && next.value == '"')) {
      out += '\\';
      out += static_cast<char>(next.value);
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  append_printable(out, text, text_form::plain);
  return out;
}

}  // namespace thespis
