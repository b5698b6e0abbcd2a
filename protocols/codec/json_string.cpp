// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include <cstdint>

#include "protocols/codec/json_reader.hpp"
#include "protocols/codec/utf8.hpp"

// The part of json_reader that checks and resolves strings.
namespace thespis::codec {

namespace {

int hex_digit(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Four hexadecimal digits, or -1.
int hex_quad(const char* at, const char* end) noexcept {
  if (end - at < 4) return -1;
  int value = 0;
  for (int i = 0; i < 4; ++i) {
    const int digit = hex_digit(at[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool is_high_surrogate(int unit) noexcept { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int unit) noexcept { return unit >= 0xDC00 && unit <= 0xDFFF; }

void append_utf8(std::uint32_t code, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) {
    put(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
  }
  put(0x80 | (code & 0x3F));
}

char simple_escape(char c) noexcept {
  switch (c) {
    case 'b': return '\b';
    case 'f': return '\f';
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '"':
    case '\\':
    case '/': return c;
    default: return 0;
  }
}

}  // namespace

// Passes a string and gives what stands between its quotes, checked but not resolved.
bool json_reader::raw_string(std::string_view& inside, bool& escaped) {
  const char* const start = ++at_;
  escaped = false;
  while (at_ != end_) {
    const auto c = static_cast<unsigned char>(*at_);
    if (c == '"') {
      inside = std::string_view(start, static_cast<std::size_t>(at_ - start));
      ++at_;
      return true;
    }
    if (c == '\\') {
      escaped = true;
      if (!escape()) return false;
    } else if (c < 0x20) {
      fail(errc::invalid_argument, "malformed JSON: unescaped control character in a string");
      return false;
    } else if (c < 0x80) {
      ++at_;
    } else if (!utf8()) {
      return false;
    }
  }
  fail_syntax("the end of the string");
  return false;
}

bool json_reader::escape() {
  const char* const start = at_++;
  if (at_ != end_ && *at_ != 'u') {
    if (simple_escape(*at_++) != 0) return true;
    fail_at(start, errc::invalid_argument, "malformed JSON: unknown escape in a string");
    return false;
  }
  const int unit = at_ == end_ ? -1 : hex_quad(at_ + 1, end_);
  bool good = unit >= 0 && !is_low_surrogate(unit);
  if (good) at_ += 5;
  if (good && is_high_surrogate(unit)) {
    good = end_ - at_ >= 6 && at_[0] == '\\' && at_[1] == 'u' &&
           is_low_surrogate(hex_quad(at_ + 2, end_));
    if (good) at_ += 6;
  }
  if (!good) fail_at(start, errc::invalid_argument, "malformed JSON: bad \\u escape in a string");
  return good;
}

bool json_reader::utf8() {
  const auto size = utf8_sequence(std::string_view(at_, static_cast<std::size_t>(end_ - at_)));
  if (size == 0) fail(errc::invalid_argument, "malformed JSON: invalid UTF-8 in a string");
  at_ += size;
  return size != 0;
}

// `inside` has passed `raw_string`, so every escape is whole.
bool json_reader::unescape(std::string_view inside, std::string& out) {
  out.clear();
  const char* at = inside.data();
  const char* const end = at + inside.size();
  while (at != end) {
    if (*at != '\\') {
      out += *at++;
      continue;
    }
    if (at[1] != 'u') {
      out += simple_escape(at[1]);
      at += 2;
      continue;
    }
    auto code = static_cast<std::uint32_t>(hex_quad(at + 2, end));
    at += 6;
    if (is_high_surrogate(static_cast<int>(code))) {
      const auto low = static_cast<std::uint32_t>(hex_quad(at + 2, end));
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
      at += 6;
    }
    append_utf8(code, out);
  }
  return true;
}

}  // namespace thespis::codec
