// Copyright 2026 The Thespis authors
// SPDX-License-Identifier: Apache-2.0

#include "core/log_line.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <ctime>

#include "core/limits.hpp"
#include "core/printable.hpp"

namespace thespis::log {

namespace {

std::string without(std::string_view text, std::span<const std::string> secrets) {
  std::string out(text);
  for (const auto& secret : secrets) {
    for (auto at = out.find(secret); at != std::string::npos; at = out.find(secret, at + 8))
      out.replace(at, secret.size(), "[hidden]");
  }
  return out;
}

// Hides before it cuts, or a secret at the cut would show its beginning.
void append_text(std::string& out, std::string_view text, std::span<const std::string> secrets,
                 bool json) {
  const auto as = json ? text_form::json : text_form::plain;
  std::string held;
  if (!secrets.empty()) {
    held = without(text, secrets);
    text = held;
  }
  if (text.size() <= limits::log_text_bytes_max) return append_printable(out, text, as);
  auto end = limits::log_text_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) --end;
  append_printable(out, text.substr(0, end), as);
  out += "... (" + std::to_string(text.size()) + " bytes)";
}

template <class Number>
void append_number(std::string& out, Number value) {
  std::array<char, 32> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_scalar(std::string& out, const field::value_type& value, bool json) {
  if (const auto* truth = std::get_if<bool>(&value)) {
    out += *truth ? "true" : "false";
  } else if (const auto* number = std::get_if<std::int64_t>(&value)) {
    append_number(out, *number);
  } else if (const auto* count = std::get_if<std::uint64_t>(&value)) {
    append_number(out, *count);
  } else if (const auto* real = std::get_if<double>(&value)) {
    if (json && !std::isfinite(*real)) {
      out += "null";
    } else {
      append_number(out, *real);
    }
  }
}

void append_digits(std::string& out, std::int64_t value, int width) {
  auto digits = std::to_string(value);
  for (int i = static_cast<int>(digits.size()); i < width; ++i) out += '0';
  out += digits;
}

// UTC; `fraction_digits` is 3 or 6.
void append_time(std::string& out, std::int64_t time_us, char between, int fraction_digits) {
  const std::time_t seconds = time_us / 1'000'000;
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  append_digits(out, parts.tm_year + 1900, 4);
  out += '-';
  append_digits(out, parts.tm_mon + 1, 2);
  out += '-';
  append_digits(out, parts.tm_mday, 2);
  out += between;
  append_digits(out, parts.tm_hour, 2);
  out += ':';
  append_digits(out, parts.tm_min, 2);
  out += ':';
  append_digits(out, parts.tm_sec, 2);
  out += '.';
  const auto fraction_us = time_us % 1'000'000;
  append_digits(out, fraction_digits == 6 ? fraction_us : fraction_us / 1000, fraction_digits);
}

std::string_view padded_level(level value) {
  switch (value) {
    case level::trace: return "TRACE ";
    case level::debug: return "DEBUG ";
    case level::info: return "INFO  ";
    case level::warn: return "WARN  ";
    case level::error: return "ERROR ";
    case level::off: return "OFF   ";
  }
  return "";
}

// Text that would be mistaken for the line's own punctuation stands in quotes.
bool needs_quotes(std::string_view text) {
  return text.empty() || text.find_first_of(" =\"") != std::string_view::npos;
}

}  // namespace

std::string console_line(const line& what, std::span<const std::string> secrets) {
  std::string out;
  out.reserve(96);
  append_time(out, what.time_us, ' ', 3);
  out += ' ';
  out += padded_level(what.level);
  append_text(out, what.component, secrets, false);
  out += ": ";
  append_text(out, what.message, secrets, false);
  for (const auto& one : what.fields) {
    out += ' ';
    append_text(out, one.key(), secrets, false);
    out += '=';
    const auto* text = std::get_if<std::string_view>(&one.value());
    if (text == nullptr) {
      append_scalar(out, one.value(), false);
    } else if (needs_quotes(*text)) {
      out += '"';
      append_text(out, *text, secrets, true);
      out += '"';
    } else {
      append_text(out, *text, secrets, false);
    }
  }
  return out;
}

std::string json_line(const line& what, std::span<const std::string> secrets) {
  std::string out;
  out.reserve(160);
  out += "{\"time\":\"";
  append_time(out, what.time_us, 'T', 6);
  out += "Z\",\"level\":\"";
  out += to_string(what.level);
  out += "\",\"component\":\"";
  append_text(out, what.component, secrets, true);
  out += "\",\"message\":\"";
  append_text(out, what.message, secrets, true);
  out += '"';
  if (!what.fields.empty()) out += ",\"fields\":{";
  bool first = true;
  for (const auto& one : what.fields) {
    if (!first) out += ',';
    first = false;
    out += '"';
    append_text(out, one.key(), secrets, true);
    out += "\":";
    if (const auto* text = std::get_if<std::string_view>(&one.value())) {
      out += '"';
      append_text(out, *text, secrets, true);
      out += '"';
    } else {
      append_scalar(out, one.value(), true);
    }
  }
  out += what.fields.empty() ? "}" : "}}";
  return out;
}

}  // namespace thespis::log
